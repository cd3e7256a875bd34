"""Public registers as rows for the API: schools, NHS trusts, police forces, local authorities.

Each reader takes the file as its publisher gives it out and yields bodies of `POST /v1/agencies`,
for `POST /v1/imports?kind=agencies`: a register comes in by the same way as everything else.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

LINKS = {
    "merged": "merged",
    "amalgamated": "amalgamated",
    "split": "divided",
    "academy": "converted",
    "converted": "converted",
}
"""Words in a link of the schools register that say more than that one school followed another."""
NOBODY_KNOWS = date(1900, 1, 1)


def schools(path: Path) -> Iterator[Row]:
    """Read the schools register (GIAS), whole or cut to `urn,name,town,open_date,close_date`."""
    for line in _table(path):
        yield _agency(
            line["urn"],
            "urn",
            line["name"],
            sector="school",
            duty_bases=SCHOOL_DUTIES.get(line.get("school_type", ""), []),
            town=line.get("town"),
            valid_from=_day(line.get("open_date") or line.get("opened_on")),
            valid_to=_day(line.get("close_date") or line.get("closed_on")),
        )


SCHOOL_DUTIES = {
    "maintained": ["section_175"],
    "maintained_nursery": ["section_175"],
    "pru": ["section_175"],
    "academy": ["section_157"],
    "free_school": ["section_157"],
    "independent": ["section_157"],
    "non_maintained_special": ["niss_regs_2015"],
}
"""What a type of school owes its answer for. The type of many is not in the register's extract."""


def school_links(path: Path) -> Iterator[Row]:
    """Read which schools went on in which: the later school again, with those before it.

    Both must be on record already. Takes GIAS's own links (one line for each direction) and
    `predecessor_urn,…,successor_urn,kind,linked_on`.
    """
    for line in _table(path):
        if "predecessor_urn" in line:
            if not (line["predecessor_urn"] and line["successor_urn"]):
                continue
            before, after = line["predecessor_urn"], line["successor_urn"]
            name, kind, day = line["successor_name"], line["kind"], line["linked_on"]
        elif line["LinkType"].startswith("Predecessor"):
            before, after = line["LinkURN"], line["URN"]
            name, kind, day = "", line["LinkType"], line["LinkEstablishedDate"]
        else:
            continue
        yield {
            **_agency(after, "urn", name or f"School {after}", sector="school"),
            "predecessors": [
                {
                    "identifier": {"scheme": "urn", "value": before},
                    "kind": _link_kind(kind),
                    "effective_on": _text(_day(day)),
                }
            ],
        }


def schools_before(path: Path) -> Iterator[Row]:
    """Read the earlier schools that the links name, with their days."""
    for line in _table(path):
        if line.get("predecessor_urn"):
            yield _agency(
                line["predecessor_urn"],
                "urn",
                line["predecessor_name"],
                sector="school",
                valid_from=_day(line["predecessor_opened_on"]),
                valid_to=_day(line["predecessor_closed_on"]),
            )


def nhs_trusts(path: Path) -> Iterator[Row]:
    """Read the NHS trusts (ODS `etr`): no header; code, name, …, town, …, opened, closed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.reader(file):
            yield _agency(
                line[0],
                "ods",
                _title(line[1]),
                sector="nhs_trust",
                duty_bases=["section_11"],
                town=_title(line[7]),
                valid_from=_day(line[10]),
                valid_to=_day(line[11]),
            )


def police_forces(path: Path) -> Iterator[Row]:
    """Read the police forces: `police-force` and `name`."""
    for line in _table(path, "\t"):
        yield _agency(
            line["police-force"],
            "police",
            line["name"],
            sector="police",
            duty_bases=["section_11"],
        )


def local_authorities(path: Path) -> Iterator[Row]:
    """Read the register of local authorities of England (2018)."""
    for line in _table(path, "\t"):
        yield _agency(
            line["local-authority-eng"],
            "la_register",
            line["official-name"] or line["name"],
            sector="local_authority",
            duty_bases=["section_11"],
            valid_from=_day(line["start-date"]),
            valid_to=_day(line["end-date"]),
        )


REGISTERS: dict[str, Callable[[Path], Iterable[Row]]] = {
    "schools": schools,
    "schools-before": schools_before,
    "school-links": school_links,
    "nhs-trusts": nhs_trusts,
    "police-forces": police_forces,
    "local-authorities": local_authorities,
}
"""The registers that can be read, by the word of the command."""


def _agency(value: str, scheme: str, name: str, **members: Any) -> Row:
    """Write a body; what the register does not say is left out and stays as it is on record."""
    said = {key: _text(member) for key, member in members.items() if member not in (None, "", [])}
    return {"name": name.strip(), "identifiers": [{"scheme": scheme, "value": value}], **said}


def _table(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    text = path.read_bytes()
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = text.decode("cp1252", errors="replace")
    return iter(csv.DictReader(decoded.splitlines(), delimiter=delimiter))


def _day(text: str | None) -> date | None:
    """Read a day in any of the registers' forms; null for none, and for 1900-01-01."""
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%Y%m%d"):
        try:
            found = datetime.strptime(text or "", form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found if found > NOBODY_KNOWS else None
    return None


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _link_kind(text: str) -> str:
    words = text.lower()
    return next((kind for word, kind in LINKS.items() if word in words), "succeeded")


def _title(text: str) -> str:
    """Write in title case what a register shouts."""
    small = {"And", "Of", "The", "For", "Nhs"}
    words = [word.capitalize() for word in text.split()]
    kept = [
        word if index == 0 or word not in small else "NHS" if word == "Nhs" else word.lower()
        for index, word in enumerate(words)
    ]
    return " ".join(kept)
