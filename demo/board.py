"""The Northamptonshire board: its areas, its partners, its people, from the shipped files."""

import json
from collections.abc import Iterator
from pathlib import Path

from app import registers
from demo.api import Api, Json, StepFailedError, person

HERE = Path(__file__).parent


def read() -> Json:
    """Read the board."""
    found: Json = json.loads((HERE / "board.json").read_text(encoding="utf-8"))
    return found


def load(office: Api, board: Json) -> dict[str, str]:
    """Push areas and partners; return the identifier of each agency by its key."""
    clean(office.push("areas", areas(board)))
    clean(office.push("agencies", agencies(board)))
    clean(office.push("agencies", successions(board)))
    agency_ids = {}
    for each in board["agencies"]:
        if each["identifiers"]:
            value = each["identifiers"][0]["value"]
            found = office.get("/agencies", identifier=value)["items"]
            agency_ids[each["key"]] = next(
                item["id"] for item in found if item["name"] == each["name"]
            )
        else:
            agency_ids[each["key"]] = office.post("/agencies", _agency(each))["id"]
    return agency_ids


def load_registers(office: Api) -> dict[str, int]:
    """Push the public registers; return how many agencies each brought."""
    counts = {}
    for register, file in (
        ("police-forces", "police_forces.tsv"),
        ("nhs-trusts", "nhs_trusts.csv"),
        ("local-authorities", "local_authority_eng_register_2018.tsv"),
        ("schools", "schools_2017_roster.csv"),
        ("schools-before", "schools_2017_links.csv"),
        ("school-links", "schools_2017_links.csv"),
    ):
        report = clean(office.push("agencies", registers.REGISTERS[register](HERE / file)))
        counts[register] = report["rows_accepted"] + report["rows_unchanged"]
    return counts


def people(office: Api, board: Json, agency_ids: dict[str, str], password: str) -> dict[str, Api]:
    """Invite the cast and let each log in; return them by key."""
    signed_in = {}
    for each in board["people"]:
        if each["key"] not in CAST:
            continue
        invited = office.post(
            "/invitations",
            {
                "email": each["email"],
                "name": each["name"],
                "roles": each["roles"],
                "agency_id": agency_ids.get(each["agency"] or ""),
            },
        )
        signed_in[each["key"]] = person(
            office.url, each["email"], invited["invitation_token"], password
        )
    return signed_in


CAST = {"chair", "bo_officer", "dpo", "qa_chair", "police_lead", "police_senior", "nhft_lead"}
"""Who takes part in the demonstration."""


def areas(board: Json) -> Iterator[Json]:
    """Write the areas as rows; those that went on in others come first."""
    codes = {each["key"]: _code(each, "gss") for each in board["areas"]}
    for each in sorted(board["areas"], key=lambda area: not area["successors"]):
        yield {
            "name": each["name"],
            "kind": each["kind"],
            "gss_code": codes[each["key"]],
            "la_code": _code(each, "la_code"),
            "valid_from": each["valid_from"],
            "valid_to": each["valid_to"],
            "predecessors": [
                codes[other["key"]]
                for other in board["areas"]
                if each["key"] in other["successors"] and codes[other["key"]]
            ],
        }


def agencies(board: Json) -> Iterator[Json]:
    """Write the partners that a register knows as rows."""
    return (_agency(each) for each in board["agencies"] if each["identifiers"])


def successions(board: Json) -> Iterator[Json]:
    """Write which partner went on in which."""
    partners = {each["key"]: each for each in board["agencies"]}
    for each in board["agencies"]:
        for key in each["successors"]:
            after = partners[key]
            if each["identifiers"] and after["identifiers"]:
                yield _agency(after) | {
                    "predecessors": [
                        {
                            "identifier": _identifier(each),
                            "kind": "succeeded",
                            "effective_on": after["valid_from"],
                        }
                    ]
                }


def clean(report: Json) -> Json:
    """Return the report of a push of which nothing was rejected."""
    if report["status"] != "succeeded" or report["rows_rejected"]:
        raise StepFailedError(f"A push was not taken whole: {json.dumps(report)[:800]}")
    return report


def _agency(each: Json) -> Json:
    members = ("name", "sector", "duty_bases", "valid_from", "valid_to", "identifiers")
    return {name: each[name] for name in members} | {"is_board_member": True}


def _identifier(each: Json) -> Json:
    return {name: each["identifiers"][0][name] for name in ("scheme", "value")}


def _code(each: Json, scheme: str) -> str | None:
    return next((i["value"] for i in each["identifiers"] if i["scheme"] == scheme), None)
