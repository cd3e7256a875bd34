"""The question sets and grade scales this product ships, as bodies for the API.

Nothing is loaded by itself: a board posts what it wants to use.
"""

import json
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent.parent / "reference"

Json = dict[str, Any]


def grade_scales() -> list[Json]:
    """Return every shipped grade scale as the body of `POST /v1/grade-scales`."""
    bodies: list[Json] = _read("grade_scales.json")
    return bodies


def instruments() -> list[Json]:
    """Return every shipped instrument as the body of `POST /v1/instruments`, by name."""
    files = sorted((REFERENCE / "instruments").glob("*.json"))
    return [_instrument(_read(f"instruments/{file.name}")) for file in files]


def _instrument(file: Json) -> Json:
    completed_by, signed_off_by = file["sign_off"]["posts"]
    versions = {scale["code"]: scale["version"] for scale in grade_scales()}
    scale = file["grade_scale"]
    return {
        **{name: file[name] for name in ("code", "version", "kind", "title", "source")},
        "valid_from": file["valid_from"],
        "grade_scale": {"code": scale, "version": versions[scale]},
        "completed_by_post": completed_by,
        "signed_off_by_post": signed_off_by,
        "standards": [_standard(standard) for standard in file["standards"]],
    }


def _standard(standard: Json) -> Json:
    members = ("code", "title", "statement", "source")
    questions = [
        question
        | {
            "crosswalk": [
                {"numbering": numbering, "reference": reference}
                for numbering, reference in question["crosswalk"].items()
            ]
        }
        for question in standard["questions"]
    ]
    return {**{name: standard[name] for name in members}, "questions": questions}


def _read(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))
