"""A response as a spreadsheet, over HTTP: down, filled in, and up. Framework sections 6 and 15."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile

import asyncpg
import httpx
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app.schemas.forms import XLSX
from app.services.form_rows import HEADER
from app.services.spreadsheets import guard, plain
from tests.conftest import Json, SignedIn
from tests.stage import QUESTIONS, WHOLE, StagedAudit, put_answers, stage_audit, tag_of

CSV = "text/csv"
Row = Sequence[object]
KINDS: tuple[Json, ...] = (
    {"code": "1.1"},
    {"code": "1.2"},
    {"code": "1.10"},
    *(QUESTIONS[2:3]),
    {"code": "3.1", "answer_type": "yes_no"},
    {"code": "3.2", "answer_type": "text"},
    {"code": "3.3", "answer_type": "date"},
)
"""A question of every kind, put to all."""
NASTY = (
    "=1+1", "+44 20", "-5 staff", "@home", "\tindented", "\r\nsecond line", "'tis", "'=quoted",
    "''=twice", "CLEAR", "'CLEAR", "CLEARLY", "a\r\nb\rc\nd", 'say "yes"; or, "no"', " spaced ",
    "_x000D_", "a\x01\x1f", "<b>&amp;</b>", "Zoë — 日本 \U0001f600", "12", "3.0", "2027-03-31",
    "true", "http://example.org", "x" * 19_000,
)  # fmt: skip
"""Texts that a spreadsheet likes to change."""


def as_csv(*rows: Row, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Write rows as CSV."""
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: Row) -> bytes:
    """Write rows as a workbook, as Excel would."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for n, row in enumerate(rows):
            for m, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(n, m, cell, day)
                else:
                    sheet.write(n, m, cell)
    return content.getvalue()


async def upload(
    caller: httpx.AsyncClient, path: str, content: bytes, media_type: str = CSV, tag: str = "*"
) -> httpx.Response:
    """Send a form back."""
    headers = {"Content-Type": media_type, "If-Match": tag}
    return await caller.put(f"{path}/form", content=content, headers=headers)


async def download(caller: httpx.AsyncClient, path: str, kind: str) -> httpx.Response:
    """Fetch a form."""
    response = await caller.get(f"{path}/form", params={"format": kind})
    assert response.status_code == 200, response.text
    return response


async def form_of(caller: httpx.AsyncClient, path: str) -> dict[str, dict[str, str]]:
    """Fetch a form as CSV; return its rows by question."""
    response = await download(caller, path, "csv")
    rows = csv.DictReader(StringIO(response.content.decode("utf-8-sig"), newline=""))
    return {row["code"]: row for row in rows}


async def answers_of(caller: httpx.AsyncClient, path: str) -> list[Json]:
    """Return the answers on record by question, without what every record has of its own."""
    items = (await caller.get(f"{path}/answers", params={"limit": 200})).json()["items"]
    own = {"id", "created_at", "updated_at", "response_id", "agency_id"}
    bare = [{name: value for name, value in item.items() if name not in own} for item in items]
    return sorted(bare, key=lambda item: str(item["question"]))


def places(response: httpx.Response) -> list[tuple[str, str]]:
    """Return what was refused, by cell and rule."""
    assert response.status_code == 422, response.text
    return [(each["pointer"], each["code"]) for each in response.json()["errors"]]


async def test_the_form_asks_an_agency_what_is_put_to_it(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    form = await form_of(lead, audit.response_of(agency))

    assert [*form] == ["1.1", "1.2", "2.1"]
    assert form["1.1"] == dict.fromkeys(HEADER, "") | {
        "standard": "S1",
        "code": "1.1",
        "question": "How well?",
        "answer_type": "grade",
        "allowed_answers": "met, partly, not_met",
    }
    assert form["2.1"]["allowed_answers"] == "a number from 0 to 100 (percent)"


async def test_the_form_comes_as_csv_that_excel_knows(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)

    response = await download(lead, path, "csv")

    assert response.content.startswith(b"\xef\xbb\xbfstandard,code,question")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith("attachment;")
    assert {"If-Match": response.headers["etag"]} == await tag_of(lead, path)


async def test_the_workbook_tells_how_to_fill_it_in(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await download(lead, audit.response_of(agency), "xlsx")

    assert response.headers["content-type"] == XLSX
    assert CalamineWorkbook.from_filelike(BytesIO(response.content)).sheet_names == [
        "Form",
        "Instructions",
    ]
    sheet = ZipFile(BytesIO(response.content)).read("xl/worksheets/sheet1.xml").decode()
    assert '<pane ySplit="1"' in sheet
    assert '<formula1>"met,partly,not_met,CLEAR"</formula1>' in sheet
    assert "<f>" not in sheet


EVERYTHING: list[Json] = [
    {
        "question": "1.1",
        "grade": "partly",
        "narrative": "=SUM(A1)\r\nThe deputy; has \"no\" time, 'set aside'.",
        "impact": "Children wait.",
        "is_good_practice": True,
        "may_be_shared": True,
        "improvements": [
            {"text": "Set time aside.", "lead": "Head", "due_on": "2027-03-31"},
            {"text": "-5 % absence", "lead": "Deputy", "due_on": "2027-04-01"},
            {"text": "Train.", "lead": None, "due_on": None},
        ],
        "own_reference": "QA-7",
    },
    {"question": "1.10", "is_not_applicable": True, "not_applicable_reason": "No such service."},
    {"question": "2.1", "value": 12.5},
    {"question": "3.1", "value": False},
    {"question": "3.2", "value": "+ Each term."},
    {"question": "3.3", "value": "2026-02-28"},
]
ROWS: list[dict[str, object]] = [
    {
        "code": "1.1",
        "answer": "partly",
        "narrative": "'=SUM(A1)\r\nThe deputy; has \"no\" time, 'set aside'.",
        "impact": "Children wait.",
        "good_practice": "Yes",
        "may_be_shared": "TRUE",
        "improvement_1_text": "Set time aside.",
        "improvement_1_lead": "Head",
        "improvement_1_due": date(2027, 3, 31),
        "improvement_2_text": "'-5 % absence",
        "improvement_2_lead": "Deputy",
        "improvement_2_due": "2027-04-01",
        "improvement_3_text": "Train.",
        "own_reference": "QA-7",
    },
    {"code": "1.10", "not_applicable_reason": "No such service."},
    {"code": "2.1", "answer": 12.5},
    {"code": "3.1", "answer": "no"},
    {"code": "3.2", "answer": "+ Each term."},
    {"code": "3.3", "answer": date(2026, 2, 28)},
]
"""The same answers by API and by spreadsheet."""


def table(rows: Sequence[dict[str, object]], *, names: Sequence[str] = HEADER) -> list[Row]:
    """Return rows under a header."""
    return [names, *([row.get(name) for name in names] for row in rows)]


@pytest.mark.duty("X3")
@pytest.mark.duty("6.7")
@pytest.mark.parametrize("media_type", [CSV, XLSX])
async def test_an_agency_by_spreadsheet_only_ends_with_the_records_of_one_by_api_only(
    agency_system: SignedIn,
    other_system: SignedIn,
    agency: Json,
    other_agency: Json,
    owner: asyncpg.Connection,
    media_type: str,
) -> None:
    audit = await stage_audit(owner, agency, other_agency, questions=KINDS)
    by_api, by_sheet = audit.response_of(agency), audit.response_of(other_agency)
    write = as_csv if media_type == CSV else as_xlsx
    await put_answers(agency_system, by_api, *EVERYTHING)

    response = await upload(other_system, by_sheet, write(*table(ROWS)), media_type)

    assert response.status_code == 200, response.text
    assert await answers_of(other_system, by_sheet) == await answers_of(agency_system, by_api)
    pushed = (await agency_system.get(by_api)).json()
    counts = ("status", "answered", "unanswered", "completed_by")
    assert [response.json()[name] for name in counts] == [pushed[name] for name in counts]
    assert {"If-Match": response.headers["etag"]} == await tag_of(other_system, by_sheet)


@pytest.mark.duty("X3")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_form_sent_back_as_it_came_changes_nothing(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection, kind: str
) -> None:
    questions = [{"code": f"1.{n}", "answer_type": "text"} for n in range(len(NASTY))]
    audit = await stage_audit(owner, agency, questions=[*questions, *KINDS[3:]])
    path = audit.response_of(agency)
    nasty = [
        {
            "question": f"1.{n}",
            "value": text,
            "narrative": text,
            "improvements": [{"text": text}] * 5,
        }
        for n, text in enumerate(NASTY)
    ]
    put = await put_answers(lead, path, *nasty, *EVERYTHING[2:])
    assert put.status_code == 200, put.text
    before = await answers_of(lead, path)

    form = await download(lead, path, kind)
    response = await upload(lead, path, form.content, form.headers["content-type"])

    assert response.status_code == 200, response.text
    assert await answers_of(lead, path) == before
    assert len(before) == len(NASTY) + 4


@given(st.text(alphabet="'=+-@\t\rCLEAR a") | st.from_regex(r"'*(CLEAR|[=+@-]).*"))
def test_a_guarded_text_is_never_an_order_and_comes_back(text: str) -> None:
    guarded = guard(text)

    assert plain(guarded) == text
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded != "CLEAR"


@pytest.mark.parametrize(
    "content",
    [
        as_csv(("narrative", "code"), ("Café", "1.1"), encoding="utf-8-sig"),
        as_csv(("narrative", "code"), ("Café", "1.1"), encoding="utf-8"),
        as_csv(("Narrative ", "CODE"), ("Café", "1.1"), delimiter=";", encoding="cp1252"),
        as_csv(("code", "narrative", ""), ("1.1", "Café", ""), delimiter="\t", encoding="cp1252"),
        b"code,narrative\n1.1,Caf\xe9\n,\n",
    ],
)
async def test_csv_is_read_as_spreadsheets_write_it(
    lead: SignedIn, agency: Json, audit: StagedAudit, content: bytes
) -> None:
    path = audit.response_of(agency)

    response = await upload(lead, path, content)

    assert response.status_code == 200, response.text
    (read,) = await answers_of(lead, path)
    assert (read["question"], read["narrative"]) == ("1.1", "Café")


async def test_a_number_of_excel_is_what_it_stands_for(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, questions=KINDS)
    path = audit.response_of(agency)
    rows = [("code", "answer", "own_reference"), (1.1, "met", 7), (2.1, 3.0, None), (3.1, True, 1)]
    moment = ("3.3", datetime(2026, 2, 28), None)  # noqa: DTZ001 - Excel knows no time zones

    response = await upload(lead, path, as_xlsx(*rows, ("3.2", 40, 2.5), moment), XLSX)

    assert response.status_code == 200, response.text
    read = {each["question"]: each for each in await answers_of(lead, path)}
    values = {code: each["value"] for code, each in read.items()}
    assert values == {"1.1": None, "2.1": 3, "3.1": True, "3.2": "40", "3.3": "2026-02-28"}
    assert (read["1.1"]["own_reference"], read["3.2"]["own_reference"]) == ("7", "2.5")


async def test_a_blank_cell_leaves_and_the_word_clear_empties(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, questions=KINDS)
    path = audit.response_of(agency)
    await put_answers(lead, path, *EVERYTHING)
    names = ("code", "answer", "narrative", "improvement_1_text", "improvement_2_lead", "impact")
    rows = [("1.1", "", " ", "CLEAR", "CLEAR", "New."), ("2.1", "CLEAR"), ("3.1",)]

    response = await upload(lead, path, as_csv(names, *rows))

    assert response.status_code == 200, response.text
    read = {each["question"]: each for each in await answers_of(lead, path)}
    first = EVERYTHING[0]
    assert [each["text"] for each in read["1.1"]["improvements"]] == ["-5 % absence", "Train."]
    assert read["1.1"]["improvements"][0]["lead"] is None
    assert (read["1.1"]["grade"], read["1.1"]["impact"]) == ("partly", "New.")
    assert read["1.1"]["narrative"] == first["narrative"]
    assert (read["2.1"]["value"], read["3.1"]["value"]) == (None, False)


async def test_to_answer_says_that_the_question_applies_and_the_reverse(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, questions=KINDS)
    path = audit.response_of(agency)
    await put_answers(lead, path, *EVERYTHING)
    names = ("code", "answer", "not_applicable_reason")

    turned = await upload(lead, path, as_csv(names, ("1.1", "", "None."), ("1.10", "met", "")))
    both = await upload(lead, path, as_csv(names, ("1.1", "met", "None.")))

    assert turned.status_code == 200, turned.text
    read = {each["question"]: each for each in await answers_of(lead, path)}
    shown = ("grade", "is_not_applicable", "not_applicable_reason")
    assert [read["1.1"][name] for name in shown] == [None, True, "None."]
    assert [read["1.10"][name] for name in shown] == ["met", False, None]
    assert places(both) == [("/cells/C2", "not_applicable_is_no_answer")]


@pytest.mark.duty("X3")
@pytest.mark.parametrize("media_type", [CSV, XLSX])
async def test_every_error_names_its_cell(
    lead: SignedIn, agency: Json, audit: StagedAudit, media_type: str
) -> None:
    names = (
        "narrative", "code", "answer", "good_practice", "improvement_1_lead", "improvement_1_due",
        "improvement_1_text", "own_reference", "carried_forward",
    )  # fmt: skip
    rows = [
        ("", "1.1", "excellent"),
        ("x" * 20_001, "1.2", "", "perhaps", "", "soon", "Train."),
        ("", "2.1", "101", "", "Head"),
        ("", "2.2", "yes"),
        ("", "9.9", "met"),
        ("", "", "met"),
    ]
    write = as_csv if media_type == CSV else as_xlsx

    response = await upload(lead, audit.response_of(agency), write(names, *rows), media_type)

    assert sorted(places(response)) == [
        ("/cells/A3", "too_long"),
        ("/cells/B5", "not_put_to_this_agency"),
        ("/cells/B6", "unknown_question"),
        ("/cells/B7", "missing"),
        ("/cells/C2", "unknown_grade"),
        ("/cells/D3", "wrong_type"),
        ("/cells/F3", "date_format"),
        ("/cells/G4", "missing"),
    ]
    assert "excellent" not in response.text
    assert await answers_of(lead, audit.response_of(agency)) == []


async def test_a_value_out_of_bounds_is_named_as_by_api(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    content = as_csv(("code", "narrative", "answer"), ("2.1", "Counted.", "101"))

    response = await upload(lead, audit.response_of(agency), content)

    assert places(response) == [("/cells/C2", "out_of_range")]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([("code", "colour"), ("1.1", "red")], ("/cells/B1", "unknown_column")),
        ([("code", "answer", "Answer")], ("/cells/C1", "duplicate_column")),
        ([("code", "answer", ""), ("1.1", "met", "?")], ("/cells/C1", "unknown_column")),
        ([("question", "answer"), ("How well?", "met")], ("/cells/A1", "missing_column")),
        ([("code", "answer"), ("1.1", "")], ("", "nothing_answered")),
        ([], ("/cells/A1", "missing_column")),
    ],
)
async def test_a_table_that_is_no_form_is_refused(
    lead: SignedIn, agency: Json, audit: StagedAudit, rows: list[Row], place: tuple[str, str]
) -> None:
    response = await upload(lead, audit.response_of(agency), as_csv(*rows))

    assert places(response) == [place]


async def test_a_question_that_comes_twice_is_refused_even_where_one_row_is_blank(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, questions=KINDS)
    content = as_csv(("code", "answer"), ("1.1", ""), ("1.1", "met"))

    response = await upload(lead, audit.response_of(agency), content)

    assert places(response) == [
        ("/cells/A2", "duplicate_question"),
        ("/cells/A3", "duplicate_question"),
    ]


async def test_what_was_carried_forward_is_confirmed_on_purpose_only(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    await owner.execute(
        "UPDATE answers SET is_carried_forward = true, previous_grade = grade"
        " WHERE response_id = $1",
        audit.responses[agency["id"]],
    )
    form = await form_of(lead, path)
    told = [(form[c]["previous_grade"], form[c]["carried_forward"]) for c in ("1.1", "1.2")]
    confirmed = [form["1.1"] | {"carried_forward": "no"}, form["1.2"]]

    response = await upload(lead, path, as_csv(*table([dict(row) for row in confirmed])))

    assert told == [("met", "yes"), ("partly", "yes")]
    assert response.status_code == 200, response.text
    stands = {each["question"]: each["is_carried_forward"] for each in await answers_of(lead, path)}
    assert stands == {"1.1": False, "1.2": True}


def bomb() -> bytes:
    """Return a small workbook that unpacks to 60 MB."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", bytes(60_000_000))
    return content.getvalue()


def sparse() -> bytes:
    """Return a workbook of two cells, as far from each other as can be."""
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "code")
        sheet.write(1_048_575, 16_383, "far")
    return content.getvalue()


def echo() -> bytes:
    """Return a workbook that holds a long text once and shows it in 4,000 cells."""
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for row in range(4_000):
            sheet.write(row, 0, "x" * 32_000)
    return content.getvalue()


WORKBOOK = as_xlsx(("code", "answer"), ("1.1", "met"))


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        pytest.param(WORKBOOK[:2000], XLSX, 422, "unreadable_sheet", id="cut off"),
        pytest.param(b"\x93\x00\xff" * 999, XLSX, 422, "unreadable_sheet", id="random bytes"),
        pytest.param(b"PK\x03\x04" + bytes(99), XLSX, 422, "unreadable_sheet", id="a zip's head"),
        pytest.param(b"<html>code</html>", XLSX, 422, "unreadable_sheet", id="html"),
        pytest.param(b"<html>code</html>", CSV, 422, "invalid", id="html as csv"),
        pytest.param(WORKBOOK, CSV, 422, "unreadable_sheet", id="a workbook as csv"),
        pytest.param(b'code,answer\n1.1,"met', CSV, 422, "unreadable_sheet", id="csv cut off"),
        pytest.param(b"", XLSX, 422, "unreadable_sheet", id="nothing"),
        pytest.param(b"code\n", "text/html", 415, "unsupported_media_type", id="another type"),
        pytest.param(bytes(5_242_881), CSV, 413, "payload_too_large", id="too large"),
        pytest.param(b"code\n" + b"1\n" * 5000, CSV, 413, "payload_too_large", id="many rows"),
        pytest.param(b"code" + b"," * 500, CSV, 413, "payload_too_large", id="many columns"),
        pytest.param(bomb(), XLSX, 413, "payload_too_large", id="a bomb"),
        pytest.param(sparse(), XLSX, 422, "unreadable_sheet", id="17 thousand million cells"),
        pytest.param(echo(), XLSX, 422, "unreadable_sheet", id="one text in every cell"),
    ],
)
async def test_what_is_no_form_is_refused_and_nobody_comes_to_harm(
    lead: SignedIn,
    agency: Json,
    audit: StagedAudit,
    content: bytes,
    media_type: str,
    status: int,
    code: str,
) -> None:
    response = await upload(lead, audit.response_of(agency), content, media_type)

    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_others_are_served_while_a_workbook_is_read(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    reading = asyncio.create_task(upload(lead, path, sparse(), XLSX))
    served = 0

    while not reading.done():
        assert (await lead.get(path)).status_code == 200
        served += 1

    assert (await reading).status_code == 422
    assert served > 3


async def test_a_form_is_sent_back_under_the_tag_it_came_with(
    lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    tag = (await download(lead, path, "csv")).headers["etag"]
    content = as_csv(("code", "answer"), ("1.1", "met"))
    await put_answers(agency_system, path, WHOLE[1])

    stale = await upload(lead, path, content, tag=tag)
    without = await lead.put(f"{path}/form", content=content, headers={"Content-Type": CSV})

    assert (stale.status_code, without.status_code) == (412, 428)


async def test_the_form_is_for_its_agency(
    other_system: SignedIn,
    board_member: SignedIn,
    senior: SignedIn,
    lead: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    content = as_csv(("code", "answer"), ("1.1", "not_met"))

    foreign = await other_system.get(f"{path}/form")
    seen = await form_of(board_member, path)
    written = [await upload(each, path, content) for each in (other_system, board_member, senior)]

    assert foreign.status_code == 404
    assert [row["answer"] for row in seen.values()] == ["", "", ""]
    assert "Minutes" not in str(seen)
    assert [each.status_code for each in written] == [404, 403, 403]
    assert [each["grade"] for each in await answers_of(lead, path)] == ["met", "partly"]


async def test_a_closed_audit_takes_no_form(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, status="closed")

    response = await upload(lead, audit.response_of(agency), b"not even read")

    assert (response.status_code, response.json()["code"]) == (409, "response_not_open")


async def test_a_form_comes_in_no_other_format(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)

    response = await lead.get(f"{path}/form", params={"format": "ods"})

    assert response.status_code == 422
    assert response.json()["errors"][0] | {"detail": ""} == {
        "location": "query",
        "pointer": "format",
        "code": "not_a_choice",
        "detail": "",
    }
