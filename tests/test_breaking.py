"""`tools/breaking.py` finds every change that breaks a caller, and no other."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
Json = dict[str, Any]

CONTRACT: Json = json.loads((Path(__file__).parent / "contract" / "before.json").read_text())
LABEL: Json = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^ ]"}

LIST = ("paths", "/v1/audits", "get")
CREATE = ("paths", "/v1/audits", "post")
LIMIT = (*LIST, "parameters", 0)
KIND = (*LIST, "parameters", 1)
SENT = ("components", "schemas", "AuditCreate")
GOT = ("components", "schemas", "AuditRead")
Change = Callable[[Json], None]


def put(*path: str | int, value: object) -> Change:
    """Return a change that sets one place of a document."""

    def change(document: Json) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """Return a change that removes one place of a document."""

    def change(document: Json) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


BREAKING: dict[str, tuple[str, Change]] = {
    "a server goes": ("gone", put("servers", value=[{"url": "/api"}])),
    "a path goes": ("gone", drop("paths", "/v1/audits/{audit_id}")),
    "an operation goes": ("gone", drop(*CREATE)),
    "an operation is renamed": ("operation-id", put(*LIST, "operationId", value="get_audits")),
    "another scope is asked": ("security", put(*CREATE, "security", value=[{"oauth": ["all"]}])),
    "a way in goes": ("security", put(*LIST, "security", value=[{"bearer": []}])),
    "a public operation closes": (
        "security",
        put("paths", "/v1/audits/{audit_id}", "get", "security", value=[{"bearer": []}]),
    ),
    "tokens come from elsewhere": (
        "form",
        put(
            *("components", "securitySchemes", "oauth", "flows", "clientCredentials", "tokenUrl"),
            value="/v1/oauth/token",
        ),
    ),
    "a parameter goes": ("gone", drop(*KIND)),
    "a parameter becomes a duty": ("required", put(*KIND, "required", value=True)),
    "a parameter is written otherwise": ("form", put(*KIND, "style", value="pipeDelimited")),
    "a parameter loses a value": ("enum", put(*KIND, "schema", "enum", value=["section_11"])),
    "a parameter is bounded": ("limit", put(*LIMIT, "schema", "maximum", value=100)),
    "a default changes": ("default", put(*LIMIT, "schema", "default", value=20)),
    "a body becomes a duty": ("required", put(*CREATE, "requestBody", "required", value=True)),
    "a body is no longer taken": ("gone", drop(*CREATE, "requestBody")),
    "a media type is no longer taken": (
        "gone",
        drop(*CREATE, "requestBody", "content", "text/csv"),
    ),
    "a sent member becomes a duty": ("required", put(*SENT, "required", value=["title", "kind"])),
    "a sent member goes": ("gone", drop(*SENT, "properties", "weight")),
    "a sent member loses a type": (
        "type",
        put(*SENT, "properties", "weight", "type", value="integer"),
    ),
    "a sent member loses null": ("null", put(*SENT, "properties", "note", value=deepcopy(LABEL))),
    "a sent member loses a value": (
        "enum",
        put(*SENT, "properties", "kind", "enum", value=["section_11"]),
    ),
    "a sent member is closed to a list": (
        "enum",
        put(*SENT, "properties", "title", "enum", value=["a"]),
    ),
    "a sent text is shortened": (
        "limit",
        put(*SENT, "properties", "title", "maxLength", value=100),
    ),
    "a sent text is lengthened": ("limit", put(*SENT, "properties", "title", "minLength", value=2)),
    "a sent text changes its pattern": (
        "limit",
        put(*SENT, "properties", "title", "pattern", value="^a"),
    ),
    "a sent text gains a format": (
        "limit",
        put(*SENT, "properties", "title", "format", value="date"),
    ),
    "a sent list is shortened": ("limit", put(*SENT, "properties", "parts", "maxItems", value=1)),
    "a sent list changes its items": (
        "type",
        put(*SENT, "properties", "parts", "items", "type", value="integer"),
    ),
    "a sent alternative goes": (
        "alternative",
        put(*SENT, "properties", "subject", "oneOf", value=[{"type": "integer"}]),
    ),
    "a sent alternative is bounded": (
        "alternative",
        put(*SENT, "properties", "subject", "oneOf", 0, "maximum", value=9),
    ),
    "a sent object closes": (
        "closed",
        put(*SENT, "properties", "place", "additionalProperties", value=False),
    ),
    "an answered object opens": (
        "closed",
        drop(*GOT, "properties", "place", "additionalProperties"),
    ),
    "a closed answer gains a member": (
        "closed",
        put(*GOT, "properties", "place", "properties", "street", value={"type": "string"}),
    ),
    "a success is no longer answered": ("gone", put(*LIST, "responses", value={"202": {}})),
    "a media type is no longer answered": (
        "gone",
        drop(*LIST, "responses", "200", "content", "text/csv"),
    ),
    "a header is no longer answered": ("gone", drop(*LIST, "responses", "200", "headers", "Link")),
    "a header may lack": (
        "required",
        drop(*LIST, "responses", "200", "headers", "Link", "required"),
    ),
    "an answered member goes": ("gone", drop(*GOT, "properties", "score")),
    "an answered member may lack": ("required", put(*GOT, "required", value=["id"])),
    "an answered member may be null": (
        "null",
        put(*GOT, "properties", "title", "type", value=["string", "null"]),
    ),
    "an answered member gains a type": (
        "type",
        put(*GOT, "properties", "score", "type", value="number"),
    ),
    "an answered member gains a value": (
        "enum",
        put(*GOT, "properties", "status", "enum", value=["draft", "open", "locked"]),
    ),
    "an answered list of values opens": ("enum", drop(*GOT, "properties", "status", "enum")),
    "an answered number grows": ("limit", put(*GOT, "properties", "score", "maximum", value=1000)),
    "an answered text grows": ("limit", put(*GOT, "properties", "title", "maxLength", value=9000)),
    "an answered text loses its format": ("limit", drop(*GOT, "properties", "id", "format")),
    "an answered alternative comes": (
        "alternative",
        put(*GOT, "properties", "subject", "oneOf", 0, value={"type": "string"}),
    ),
    "a delivered member goes": (
        "gone",
        drop("components", "schemas", "Event", "properties", "note"),
    ),
    "a webhook goes": ("gone", drop("webhooks", "closed")),
}

HARMLESS: dict[str, Change] = {
    "nothing": lambda _document: None,
    "words": put(*LIST, "summary", value="List audits."),
    "an operation comes": put(
        "paths", "/v1/agencies", value={"get": {"operationId": "list_agencies"}}
    ),
    "a path parameter is renamed": lambda document: document["paths"].update(
        {
            "/v1/audits/{id}": json.loads(
                json.dumps(document["paths"].pop("/v1/audits/{audit_id}")).replace("audit_id", "id")
            )
        }
    ),
    "a parameter comes": lambda document: document["paths"]["/v1/audits"]["get"][
        "parameters"
    ].append({"name": "sort", "in": "query", "schema": {"type": "string"}}),
    "a parameter takes more": put(*LIMIT, "schema", "maximum", value=500),
    "less is asked to get in": put(*CREATE, "security", value=[{"oauth": []}, {"bearer": []}]),
    "an operation opens to all": put(*CREATE, "security", value=[]),
    "a sent member comes": put(*SENT, "properties", "theme", value={"type": "string"}),
    "a sent member is no duty any more": put(*SENT, "required", value=[]),
    "a sent member gains a value": put(
        *SENT, "properties", "kind", "enum", value=["section_11", "section_175", "maca"]
    ),
    "a sent member may be null": put(
        *SENT, "properties", "title", "type", value=["string", "null"]
    ),
    "a sent text grows": put(*SENT, "properties", "title", "maxLength", value=500),
    "a sent object opens": drop(*SENT, "additionalProperties"),
    "an answered member comes": put(*GOT, "properties", "owner", value={"type": "string"}),
    "an answered member is always there": put(
        *GOT, "required", value=[*GOT, "id", "title", "status", "parent", "score"]
    ),
    "an answered member loses a value": put(*GOT, "properties", "status", "enum", value=["open"]),
    "an extensible list of values grows": put(
        *GOT, "properties", "theme", "enum", value=["neglect", "exploitation"]
    ),
    "an answered number shrinks": put(*GOT, "properties", "score", "maximum", value=10),
    "an answered header comes": put(
        *LIST, "responses", "200", "headers", "ETag", value={"schema": {"type": "string"}}
    ),
    "an error comes": put(*LIST, "responses", "429", value={"description": "Too many."}),
    "an error goes": drop(*LIST, "responses", "404"),
    "a media type is answered besides": put(
        *LIST, "responses", "200", "content", "text/plain", value={"schema": {"type": "string"}}
    ),
    "a delivered member comes": put(
        *("components", "schemas", "Event", "properties", "time"), value={"type": "string"}
    ),
    "const says what one value said": put(
        *GOT, "properties", "theme", value={"const": "neglect", "x-extensible-enum": True}
    ),
}


@pytest.fixture(scope="module")
def findings() -> Callable[[Json, Json], list[Any]]:
    """The comparison, imported as the script imports its parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        found: Callable[[Json, Json], list[Any]] = importlib.import_module("breaking").findings
    return found


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_a_caller_is_found(
    name: str, findings: Callable[[Json, Json], list[Any]]
) -> None:
    kind, change = BREAKING[name]
    changed = deepcopy(CONTRACT)
    change(changed)

    found = findings(CONTRACT, changed)

    assert {finding.kind for finding in found} == {kind}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_change_is_no_finding(
    name: str, findings: Callable[[Json, Json], list[Any]]
) -> None:
    changed = deepcopy(CONTRACT)
    HARMLESS[name](changed)

    assert findings(CONTRACT, changed) == []


def test_a_finding_says_where_and_what(findings: Callable[[Json, Json], list[Any]]) -> None:
    changed = deepcopy(CONTRACT)
    put(*SENT, "properties", "title", "maxLength", value=100)(changed)

    found = findings(CONTRACT, changed)

    assert [str(finding) for finding in found] == [
        "POST /v1/audits/body application/json/title: maxLength 200 → 100 [limit]"
    ]


def compare(old: Path, new: Path) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(TOOLS / "breaking.py"), str(old), str(new)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_fails_if_something_breaks(tmp_path: Path) -> None:
    changed = deepcopy(CONTRACT)
    drop(*CREATE)(changed)
    (tmp_path / "old.json").write_text(json.dumps(CONTRACT))
    (tmp_path / "new.json").write_text(json.dumps(changed))

    run = compare(tmp_path / "old.json", tmp_path / "new.json")

    assert run.returncode == 1
    assert run.stdout == "POST /v1/audits: the operation is gone [gone]\nbreaking changes: 1\n"


def test_the_script_passes_if_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps(CONTRACT))

    assert compare(tmp_path / "old.json", tmp_path / "old.json").returncode == 0


def test_the_script_does_not_take_any_file_for_a_contract(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("no contract")

    run = compare(tmp_path / "old.json", tmp_path / "missing.json")

    assert run.returncode == 2
    assert run.stderr.startswith("usage: ")
