"""The second act: one case review as five readers see it, and what the log says of the last."""

import sys
import time
from typing import Any

import pyotp

from demo.api import Api, Json, expect, person

CHILD: Json = {
    "kind": "child",
    "identity": {
        "names": [
            {"use": "current", "given": "Róisín Mae", "family": "Fenwick-Okoye"},
            {"use": "nickname", "given": "Roro"},
        ],
        "date_of_birth": "2012-02-29",
        "nhs_number": "9990000026",
        "addresses": [{"lines": "3 Saltmarsh Row, Wellingborough", "postcode": "NN8 9ZZ"}],
    },
}
MOTHER: Json = {
    "kind": "family",
    "role": "Mother",
    "identity": {"names": [{"use": "current", "given": "Adaeze", "family": "Okoye"}]},
}
VISITOR: Json = {
    "kind": "practitioner",
    "role": "Health Visitor",
    "identity": {"names": [{"use": "current", "given": "Peregrine", "family": "Stubbs"}]},
}
HAPPENED = (
    "Róisín Fenwick-Okoye (NHS No. 999 000 0026, born 29.2.12) was brought to hospital from"
    " 3 Saltmarsh Row. ROISIN's mother Ms Okoye had called P. Stubbs the day before; Roro had not"
    " been seen for three weeks."
)
PURPOSE: Json = {
    "fields": ["names", "date_of_birth"],
    "gateway": "ca2004_s14B",
    "purpose": "To invite the family to meet the reviewer.",
    "necessity": "An invitation goes out by name.",
    "proportionality": "Two people, by name, once.",
    "hours": 24,
    "uses_allowed": 3,
}
STEP_S = 30


class CaseWork:
    """A serious incident, from the agency that notifies it to the reader that is logged."""

    def __init__(self, office: Api, cast: dict[str, Api], password: str) -> None:
        self.office, self.cast, self.password = office, cast, password
        self.review: Json = {}

    def notify(self) -> Json:
        """Have an agency notify the Board of an incident, by name; return what it sees of it."""
        body = {
            "people": [CHILD, MOTHER, VISITOR],
            "harm": "serious_harm",
            "occurred_on": "2017-03-06",
            "circumstances": HAPPENED,
        }
        told: Json = self.cast["nhft_lead"].post("/case-notifications", body)
        path = f"/case-reviews/{told['case_review_id']}"
        self.review = self.office.get(path)
        return told

    def appoint(self, name: str, email: str) -> Api:
        """Invite a lead reviewer, who joins the team of the case; give the session."""
        invited = self.office.post(
            "/invitations", {"email": email, "name": name, "roles": ["lead_reviewer"]}
        )
        reviewer = person(self.office.url, email, invited["invitation_token"], self.password)
        member = {"user_id": invited["user_id"], "part": "lead_reviewer"}
        self.office.post(f"/cases/{self.review['case_id']}/members", member)
        return reviewer

    def grant(self, reviewer: Api) -> Json:
        """Have the reviewer ask for a grant, somebody else approve it, and show a second factor."""
        reviewer.post("/undertakings", {"version": "2026-1"})
        people = [each["id"] for each in self.review["people"] if each["kind"] != "practitioner"]
        asked: Json = reviewer.post(
            "/disclosure-grants",
            PURPOSE | {"case_id": self.review["case_id"], "person_ids": people},
        )
        self.cast["dpo"].move(f"/disclosure-grants/{asked['id']}", "approved")
        step_up(reviewer, self.password)
        return asked

    def readers(self, reviewer: Api, grant: Json) -> list[tuple[str, int, Json]]:
        """Read the review as five readers do; return who, the status and the body."""
        path = f"/case-reviews/{self.review['id']}"
        five: list[tuple[str, Api, dict[str, str]]] = [
            ("agency, not involved", self.cast["police_lead"], {}),
            ("agency that notified", self.cast["nhft_lead"], {}),
            ("member of the Board", self.cast["qa_chair"], {}),
            ("team of the case", reviewer, {}),
            ("holder of a grant", reviewer, {"Disclosure-Grant": grant["id"]}),
        ]
        answers = [(who, api.http.get(path, headers=headers)) for who, api, headers in five]
        return [(who, answer.status_code, answer.json()) for who, answer in answers]

    def entry(self, grant: Json) -> Json:
        """Return the entry of the log that the use of a grant made, once it is sealed."""
        began = time.monotonic()
        while True:
            found = self.cast["dpo"].get("/access-log", grant_id=grant["id"])["items"]
            entry: Json = self.cast["dpo"].get(f"/access-log/{found[0]['id']}")
            if entry["proof"] is not None or time.monotonic() - began > STEP_S:
                return entry
            time.sleep(0.5)


def step_up(caller: Api, password: str) -> None:
    """Set up a second factor, and show it afresh with the code of the next half minute."""
    proposed = caller.post("/me/totp", {"current_password": password}, 200)
    totp = pyotp.parse_uri(proposed["provisioning_uri"])
    assert isinstance(totp, pyotp.TOTP)  # noqa: S101 - the service proposes nothing else
    caller.post("/me/totp/confirm", {"totp_code": totp.now()}, 200)
    code = totp.at(int(time.time()) + STEP_S)
    expect(caller.http.post("/sessions/step-up", json={"totp_code": code}), 200)


def show(rows: list[tuple[str, int, Json]]) -> None:
    """Print what each reader sees, side by side."""
    for who, status, body in rows:
        sys.stdout.write(f"           {who:22} {status}  {_seen(body)}\n")
    sys.stdout.flush()


def _seen(body: Json) -> str:
    if "status" in body and "code" in body:
        return str(body["detail"])
    text = body["circumstances"]
    if text is None:
        withheld = [each["pointer"][1:] for each in body["redactions"]]
        return f"{body['status']}; withheld: {', '.join(withheld[:4])} and {len(withheld) - 4} more"
    people = ", ".join(_who(each) for each in body["people"])
    return f"{text[:86]}…  people: {people}"


def _who(each: Json) -> str:
    identity: Any = each["identity"]
    if identity is None:
        return str(each["label"])
    name = identity["names"][0]
    return f"{each['label']} = {name['given']} {name['family']}"
