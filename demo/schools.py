"""The schools audit of 2017: 326 real schools, 306 returns, re-submissions and late ones."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.services import reference
from demo.api import Api, Json

HERE = Path(__file__).parent
REASON = "Recorded as not applicable in the return of 2017, which did not ask why."
COMPLETED_BY = "Designated safeguarding lead"
SIGNED_OFF_BY = "Head teacher"


def returns() -> list[Json]:
    """Read the returns in the order they arrived in."""
    lines = (HERE / "s175_returns_2017_synthetic.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def expected() -> Json:
    """Read what the summary has to say."""
    found: Json = json.loads((HERE / "s175_returns_2017_expected.json").read_text(encoding="utf-8"))
    return found


def submission(line: Json) -> Json:
    """Write a return as the body of a submission."""
    return {
        "completed_by": COMPLETED_BY,
        "signed_off_by": SIGNED_OFF_BY,
        "submitted_on": line["submitted_on"],
        "answers": [answer(code, grade) for code, grade in line["answers"].items()],
    }


def answer(code: str, grade: str) -> Json:
    """Write one answer; `n/a` is no grade, and needs a reason."""
    if grade == "n/a":
        return {"question": code, "is_not_applicable": True, "not_applicable_reason": REASON}
    return {"question": code, "grade": grade}


def publish(office: Api, code: str, version: int) -> str:
    """Publish a shipped instrument with its scale, unless it is there; return its identifier."""
    found = [
        each
        for each in office.all("/instruments", code=code)
        if (each["version"], each["status"]) == (version, "published")
    ]
    if found:
        return str(found[0]["id"])
    body = next(
        each
        for each in reference.instruments()
        if (each["code"], each["version"]) == (code, version)
    )
    on_record = {(each["code"], each["version"]) for each in office.all("/grade-scales")}
    for scale in reference.grade_scales():
        wanted = (scale["code"], scale["version"])
        if wanted == tuple(body["grade_scale"].values()) and wanted not in on_record:
            office.post("/grade-scales", scale)
    made = office.post("/instruments", body)
    office.move(f"/instruments/{made['id']}", "published")
    return str(made["id"])


def open_audit(office: Api, urns: list[str], reference_: str = "SCHOOLS-2017") -> str:
    """Plan the round of 2017, put the schools on its roster, approve and open it."""
    audit = office.post(
        "/audits",
        {
            "reference": reference_,
            "title": "Schools safeguarding audit 2017",
            "instrument_id": publish(office, "schools", 2017),
            "opens_on": "2017-11-01",
            "due_on": "2017-12-09",
            "locks_on": "2018-01-31",
            "is_retrospective": True,
        },
    )
    identifiers = [{"scheme": "urn", "value": urn} for urn in urns]
    office.post(f"/audits/{audit['id']}/roster", {"identifiers": identifiers}, 200)
    office.move(f"/audits/{audit['id']}", "approved")
    office.move(f"/audits/{audit['id']}", "open")
    return str(audit["id"])


def push_all(audit_id: str, sign_in: Callable[[str], Api], at_once: int = 4) -> int:
    """Push every return as its school, in order; schools push side by side. Return how many."""
    by_school: dict[str, list[Json]] = {}
    for line in returns():
        by_school.setdefault(line["urn"], []).append(line)

    def push(urn: str) -> int:
        school = sign_in(urn)
        for number, line in enumerate(by_school[urn], start=1):
            key = {"Idempotency-Key": f"schools-2017-{urn}-{number}"}
            school.post(f"/audits/{audit_id}/submissions", submission(line), 201, key)
        school.http.close()
        return len(by_school[urn])

    with ThreadPoolExecutor(at_once) as schools:
        return sum(schools.map(push, by_school))


def figures(office: Api, audit_id: str) -> Json:
    """Read the summary, in the form of the expected figures."""
    summary = office.get(f"/audits/{audit_id}/summary")
    missing = office.all(f"/audits/{audit_id}/returns", missing="true")
    return {
        "roster": summary["roster"],
        "returned": summary["returned"],
        "return_rate_pct": summary["return_rate_percent"],
        "late": summary["late"],
        "resubmitted": summary["resubmitted"],
        "not_returned_urns": sorted(_urns(missing)),
        "standards": {each["title"]: _standard(each) for each in summary["standards"]},
    }


def _standard(standard: Json) -> Json:
    members = {"answers": "answers", "applicable": "applicable", "met": "met"}
    return {
        **{name: standard[own] for name, own in members.items()},
        "met_pct": standard["met_percent"],
        "not_met": standard["not_met"],
    }


def _urns(missing: list[Json]) -> Iterator[str]:
    for each in missing:
        yield next(i["value"] for i in each["identifiers"] if i["scheme"] == "urn")
