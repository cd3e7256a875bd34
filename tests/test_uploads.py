"""Taking in files over HTTP: which are taken, which are refused, and what is said of them."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from app.installation import Installation
from tests.conftest import Json, Server, SignedIn, serving
from tests.stage import PDF, StagedAudit, send


def archive(*parts: str, mimetype: str | None = None) -> bytes:
    """Return an archive of empty parts, as office programs write."""
    content = BytesIO()
    with ZipFile(content, "w") as file:
        if mimetype:
            file.writestr("mimetype", mimetype)
        for part in parts:
            file.writestr(part, "")
    return content.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
ODT_TYPE = "application/vnd.oasis.opendocument.text"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("notes.txt", "Ünïcode, and a line.\n".encode(), "text/plain"),
        ("old.csv", "caf\xe9;1\r\n".encode("cp1252"), "text/csv"),
        (
            "Policy.DOCX",
            DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("policy.odt", archive("content.xml", mimetype=ODT_TYPE), ODT_TYPE),
        ("scan.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0" + bytes(64), "image/jpeg"),
    ],
)
async def test_a_file_is_what_its_content_says(
    lead: SignedIn, agency: Json, audit: StagedAudit, name: str, content: bytes, media_type: str
) -> None:
    response = await send(lead, audit.response_of(agency), content, name)

    assert (response.status_code, response.json()["media_type"]) == (201, media_type)


@pytest.mark.duty("X14")
@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("minutes.pdf", DOCX, 422, "file_mismatch"),
        ("minutes.docx", PDF, 422, "file_mismatch"),
        ("sheet.xlsx", DOCX, 422, "file_mismatch"),
        ("page.html", b"<script>alert(1)</script>", 415, "unsupported_file"),
        ("minutes", PDF, 415, "unsupported_file"),
        ("program.pdf", b"MZ" + bytes(64), 415, "unsupported_file"),
        ("bytes.txt", b"\x00\x01\x02", 415, "unsupported_file"),
        ("files.zip", archive("a.txt"), 415, "unsupported_file"),
        ("files.docx", archive("a.txt"), 415, "unsupported_file"),
        ("broken.docx", DOCX[:40], 415, "unsupported_file"),
        (
            "macros.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            415,
            "unsupported_file",
        ),
        ("empty.pdf", b"", 422, "invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_other_files_are_refused(
    lead: SignedIn,
    agency: Json,
    audit: StagedAudit,
    name: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    response = await send(lead, audit.response_of(agency), content, name)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await lead.get(f"{audit.response_of(agency)}/evidence")).json()["items"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/minutes.pdf", "minutes.pdf"),
        ("C:\\Users\\a\\minutes.pdf", "minutes.pdf"),
        ("min<ut>es\u202e\u2028.pdf", "minutes.pdf"),
        ("Besprechung März.pdf", "Besprechung März.pdf"),
        (".pdf", "file.pdf"),
        ("m" * 300 + ".pdf", "m" * 117 + ".pdf"),
    ],
)
async def test_a_file_name_is_made_safe(
    lead: SignedIn, agency: Json, audit: StagedAudit, sent: str, kept: str
) -> None:
    response = await send(lead, audit.response_of(agency), PDF, sent)

    assert (response.status_code, response.json().get("file_name")) == (201, kept)


async def test_what_is_said_of_a_file_is_checked(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)

    unknown = await send(lead, path, question="9.9")
    wrong = await send(lead, path, expires_on="soon", colour="red")
    missing = await lead.post(f"{path}/evidence", files={"other": ("a.pdf", PDF)})
    json = await lead.post(f"{path}/evidence", json={"file": "minutes.pdf"})
    broken = await lead.post(
        f"{path}/evidence",
        content=b"nonsense",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert [(e["pointer"], e["code"]) for e in unknown.json()["errors"]] == [
        ("/question", "unknown_question")
    ]
    assert [(e["pointer"], e["code"]) for e in wrong.json()["errors"]] == [
        ("/expires_on", "date_format"),
        ("", "unknown_member"),
    ]
    assert [(e["pointer"], e["code"]) for e in missing.json()["errors"]] == [("/file", "missing")]
    assert (json.status_code, broken.status_code) == (415, 400)


@dataclass(frozen=True)
class Strict:
    """An installation with its own limit and scanner."""

    lead: httpx.AsyncClient


@pytest.fixture
async def strict(
    server: Server, installation: Installation, lead: SignedIn, tmp_path: Path
) -> AsyncIterator[Strict]:
    """The same installation served with a small limit, and a scanner that knows one virus."""
    scanner = tmp_path / "scan.py"
    scanner.write_text(
        "import sys\n"
        "content = sys.stdin.buffer.read()\n"
        "sys.exit(1 if b'VIRUS' in content else 2 if b'CRASH' in content else 0)\n"
    )
    changes = {"evidence_limit_bytes": 1024, "scan_command": [sys.executable, str(scanner)]}
    settings = server.settings.model_copy(update=changes)
    async with (
        serving(settings, installation) as strict_server,
        httpx.AsyncClient(
            base_url=strict_server.url + "/v1",
            headers={"Authorization": lead.headers["authorization"]},
        ) as client,
    ):
        yield Strict(client)


@pytest.mark.duty("X14")
async def test_a_scanner_has_its_say(strict: Strict, agency: Json, audit: StagedAudit) -> None:
    path = audit.response_of(agency)

    clean = await send(strict.lead, path)
    infected = await send(strict.lead, path, PDF + b"VIRUS")
    crashed = await send(strict.lead, path, PDF + b"CRASH")

    assert (clean.status_code, clean.json()["scan_result"]) == (201, "clean")
    assert (infected.status_code, infected.json()["code"]) == (422, "infected_file")
    assert (crashed.status_code, crashed.json()["code"]) == (503, "scanner_failed")
    assert len((await strict.lead.get(f"{path}/evidence")).json()["items"]) == 1


@pytest.mark.duty("X14")
async def test_a_file_has_a_largest_size(strict: Strict, agency: Json, audit: StagedAudit) -> None:
    path = audit.response_of(agency)

    largest = await send(strict.lead, path, b"a" * 1024, "notes.txt")
    larger = await send(strict.lead, path, b"a" * 1025, "notes.txt")
    endless = await send(strict.lead, path, b"a" * 1_000_000, "notes.txt")

    assert [each.status_code for each in (largest, larger, endless)] == [201, 413, 413]


async def test_a_file_is_refused_before_it_is_read(
    anonymous: httpx.AsyncClient, other_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    nobody = await anonymous.post(f"{path}/evidence", content=b"nonsense", headers=headers)
    other = await other_system.post(f"{path}/evidence", content=b"nonsense", headers=headers)

    assert (nobody.status_code, other.status_code) == (401, 404)
