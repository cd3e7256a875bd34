"""The third act: a lesson, from what was found to an impact that is not there, and back again.

Framework sections 15, 21 and 22. It is played through the public API alone; a test plays it too.
"""

import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import uuid4

from demo.api import Api, Json

FOUND: Json = {
    "kind": "area_for_development",
    "scope": "multi_agency",
    "title": "Return interviews are late",
    "text": "Of twenty children who had been missing, eleven waited more than three days.",
    "analysis": "Nobody was told that a child was back, so nobody began to count.",
}
WORKED: Json = {
    "kind": "good_practice",
    "scope": "multi_agency",
    "title": "Schools told at once",
    "text": "In every file the school had told the local authority within the hour.",
}
STEPS: Json = {
    "what_we_looked_at": "What schools answered about children who go missing.",
    "why_it_matters": "A child who comes back may tell what happened, once, and soon.",
    "what_worked_well": "Schools told the local authority within the hour.",
    "what_needs_to_change": "Return interviews are held within three days.",
    "what_to_do_now": "Tell the interviewer on the day the child is back.",
    "find_out_more": "The procedure for missing children. How will your team know it works?",
}
SMART: Json = {
    "specific": "Each child who returns is offered an interview by an independent person.",
    "measurable": "Interviews within three days: from 9 of 20 to 19 of 20.",
    "achievable": "Two interviewers are in post.",
    "relevant": "Late interviews were found in more than half of the files.",
}


@dataclass
class Learning:
    """One lesson and everybody who has a part in it."""

    office: Api
    cast: dict[str, Api]
    """`chair`, `qa_chair`, `bo_officer`, `lead`, `senior` of one agency, `partner` of another."""
    agency_ids: dict[str, str]
    """Agencies of `lead` and `senior`, and of `partner`."""
    source: Json
    """Kind, identifier and title of what it was learned from."""
    meetings: dict[str, Json] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    """Identifiers of what was made, by what it is."""

    def seat(self) -> None:
        """Seat the members of the Board, who have signed the undertaking, and hold meetings."""
        agencies = {"senior": self.agency_ids["lead"], "partner": self.agency_ids["partner"]}
        seats = {
            "board": ("chair", "qa_chair", "bo_officer", "senior", "partner"),
            "quality_assurance": ("qa_chair", "bo_officer", "partner"),
            "executive_group": ("chair", "senior", "partner"),
        }
        for code, keys in seats.items():
            body = self.office.get("/bodies", code=code)["items"][0]
            planned = {"body_id": body["id"], "held_on": str(date.today()), "title": body["name"]}  # noqa: DTZ011
            self.meetings[code] = self.office.post("/meetings", planned)
            for key in keys:
                self._sit(body["id"], code, key, agencies.get(key))
            self.office.move(f"/meetings/{self.meetings[code]['id']}", "held")

    def _sit(self, body_id: str, code: str, key: str, agency_id: str | None) -> None:
        person = self.cast[key]
        if code == "board":
            person.post("/undertakings", {"version": "2026-1"})
        nominated = {
            "body_id": body_id,
            "user_id": person.get("/me")["id"],
            "agency_id": agency_id,
            "position": "chair" if key == "chair" and code == "board" else "member",
            "valid_from": str(date.today() - timedelta(days=1)),  # noqa: DTZ011
        }
        path = f"/memberships/{self.office.post('/memberships', nominated)['id']}"
        self.office.move(path, "inducting")
        self.office.move(path, "active")
        there = {"membership_id": path.rpartition("/")[2], "presence": "attended"}
        self.office.post(f"/meetings/{self.meetings[code]['id']}/attendances", there)

    def decide(self, code: str, subject: str, text: str) -> str:
        """Have a body agree something on a record, in its meeting."""
        decision = {
            "body_id": self.meetings[code]["body_id"],
            "meeting_id": self.meetings[code]["id"],
            "decided_on": self.meetings[code]["held_on"],
            "outcome": "agreed",
            "text": text,
            "subject": subject,
            "record_id": self.kept[subject],
        }
        return str(self.office.post("/decisions", decision)["id"])

    def find(self) -> None:
        """Find what works and what does not, confirm it, and gather it under a theme."""
        sub_group = self.meetings["quality_assurance"]["body_id"]
        found = self.office.post("/findings", FOUND | self.source | {"body_id": sub_group})
        worked = self.office.post("/findings", WORKED | self.source | {"body_id": sub_group})
        self.cast["qa_chair"].move(f"/findings/{found['id']}", "confirmed")
        self.cast["qa_chair"].move(f"/findings/{worked['id']}", "shared")
        theme = {
            "title": "Children who go missing",
            "description": "What happens when they are back.",
            "body_id": sub_group,
        }
        made = self.office.post("/themes", theme)
        for each in (found, worked):
            self.office.post(f"/themes/{made['id']}/findings", {"finding_id": each["id"]})
        self.kept |= {"findings": found["id"], "good_practice": worked["id"], "themes": made["id"]}

    def recommend(self) -> None:
        """Recommend a change: sub group, executive group, Board."""
        recommended = {
            "title": "Interviews within three days",
            "text": "Return interviews are offered within three days of a child's return.",
            "body_id": self.meetings["quality_assurance"]["body_id"],
            "finding_ids": [self.kept["findings"]],
        }
        made = self.office.post("/recommendations", recommended | self.source)
        self.kept["recommendations"] = made["id"]
        for code, to in (
            ("quality_assurance", "recommended_by_sub_group"),
            ("executive_group", "executive_group_supported"),
            ("board", "accepted"),
        ):
            decision = self.decide(code, "recommendations", "It is to be done.")
            self.office.move(f"/recommendations/{made['id']}", to, decision_id=decision)

    def brief(self) -> None:
        """Write the 6 Step Briefing, have it approved twice, and release it."""
        links = {
            "finding_ids": [self.kept["findings"], self.kept["good_practice"]],
            "recommendation_ids": [self.kept["recommendations"]],
        }
        drafted = {"title": "When a child is back"} | STEPS | self.source | links
        made = self.office.post("/briefings", drafted)
        self.kept["briefings"] = made["id"]
        path = f"/briefings/{made['id']}"
        approved = self.decide("quality_assurance", "briefings", "It may go to the Board.")
        self.office.move(path, "qa_sg_approved", decision_id=approved)
        received = self.decide("board", "briefings", "The Board receives it.")
        self.office.move(path, "board_received", decision_id=received)
        self.office.move(path, "released")

    def pass_on(self) -> Json:
        """Have two agencies pass the briefing on to their staff and attest it; read the rest."""
        for key in ("senior", "partner"):
            agency_id = self.agency_ids["lead" if key == "senior" else key]
            caller = self.cast[key]
            receipts = caller.get(
                "/briefing-receipts", briefing_id=self.kept["briefings"], agency_id=agency_id
            )["items"]
            path = f"/briefing-receipts/{receipts[0]['id']}"
            caller.move(path, "acknowledged")
            told = {
                "channel": "team_meeting",
                "reach_headcount": 120,
                "disseminated_on": str(date.today()),  # noqa: DTZ011
            }
            caller.post(f"{path}/dissemination", told)
            caller.move(path, "disseminated")
            caller.move(path, "attested")
        summary: Json = self.office.get(f"/briefings/{self.kept['briefings']}/dissemination")
        return summary

    def act(self) -> None:
        """Agree an action, do it, show it, and have somebody else verify it."""
        draft = self.office.post(
            "/actions",
            {
                "recommendation_id": self.kept["recommendations"],
                "agency_id": self.agency_ids["lead"],
                "title": f"Interviews in time {uuid4().hex[:6]}",
                "owner_id": self.cast["lead"].get("/me")["id"],
                "deputy_id": self.cast["senior"].get("/me")["id"],
                "due_on": str(date.today() + timedelta(days=90)),  # noqa: DTZ011
            }
            | SMART,
        )
        self.kept["actions"] = draft["id"]
        path = f"/actions/{draft['id']}"
        decision = self.decide("board", "actions", "The action is agreed.")
        self.office.move(path, "agreed", decision_id=decision)
        self.office.move(f"/recommendations/{self.kept['recommendations']}", "actions_agreed")
        lead = self.cast["lead"]
        lead.move(path, "in_progress")
        lead.post(f"{path}/updates", {"text": "The rota is in force.", "percent": 100})
        lead.post(f"{path}/evidence", {"title": "Rota", "url": "https://example.org/rota"})
        lead.move(path, "completion_claimed")
        self.cast["qa_chair"].move(path, "verified")
        self.office.move(f"/recommendations/{self.kept['recommendations']}", "implemented")

    def check(self) -> None:
        """Look, months later, whether it changed anything: it did not."""
        planned = self.office.get(
            "/impact-checks", subject="actions", record_id=self.kept["actions"]
        )["items"]
        first = min(planned, key=lambda each: str(each["scheduled_on"]))
        path = f"/impact-checks/{first['id']}"
        reviewer = self.cast["qa_chair"]
        reviewer.move(path, "in_progress")
        seen = {
            "result": "not_embedded",
            "text": "Of ten children, six still waited more than three days.",
        }
        reviewer.patch(path, seen)
        reviewer.move(path, "concluded")
        self.kept["impact_checks"] = first["id"]

    def trace(self, reader: Api) -> Json:
        """Read the whole line of sight of the recommendation."""
        traced: Json = reader.get(f"/recommendations/{self.kept['recommendations']}/trace")
        return traced

    def told(self) -> list[Json]:
        """Read what the Board owes because of it, as the timetable says."""
        board = self.meetings["board"]["body_id"]
        listed = self.office.all("/obligations", kind="reopened_recommendation", body_id=board)
        return [each for each in listed if each["record_id"] == self.kept["recommendations"]]

    def play(self) -> None:
        """Play the act up to the check."""
        for step in (self.seat, self.find, self.recommend, self.brief, self.act, self.check):
            step()
            if step == self.brief:
                self.pass_on()


LINE = (
    ("source", "findings", "source_title"),
    ("finding", "findings", "title"),
    ("recommendation", "recommendations", "title"),
    ("decision", "decisions", "body_code"),
    ("action", "actions", "title"),
    ("briefing", "briefings", "title"),
    ("impact", "impact_checks", "result"),
)


def show(traced: Json) -> None:
    """Print the line of sight, from the source to the impact."""
    for word, name, member in LINE:
        told = dict.fromkeys(str(each[member]) for each in traced[name] if each[member])
        sys.stdout.write(f"           {word:15} {'; '.join(told)}\n")
    sys.stdout.flush()
