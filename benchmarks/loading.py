"""What is measured on: a board of invented agencies that has held audits for forty years."""

from uuid import UUID

import asyncpg

AUDITS = 40
"""Rounds held; an agency has one response in each."""

QUESTIONS = 30
"""Questions of the instrument; every agency has answered all of them in the open round."""

PUSHED, PUSH_QUESTIONS = "PUSH", 1000
"""Prefix of the rounds that one push answers, and the questions of each."""

COPIED = ("agency_leads", "idempotency_keys", "events", "answers")
"""Tables the other versions write to, each in a copy of its own without policies and triggers."""


async def load(admin: asyncpg.Connection, responses: int, *, with_answers: bool) -> None:
    """Fill an installation with about so many audit responses, past its policies and triggers.

    The connection is an administrator's. Answers are loaded for the open round.
    """
    agencies = max(responses // AUDITS, 1)
    await admin.execute(
        "SET session_replication_role = replica; SET synchronous_commit = off;"
        " SET maintenance_work_mem = '256MB'; SET work_mem = '128MB'"
    )
    await admin.execute(INSTRUMENT)
    await admin.execute(AGENCIES.format(agencies=agencies))
    await admin.execute(RESPONSES)
    if with_answers:
        await admin.execute(ROSTER + ANSWERS)
    await admin.execute("VACUUM (ANALYZE)")
    await admin.execute("CHECKPOINT")


async def load_push(admin: asyncpg.Connection, values: int, agencies: int) -> list[UUID]:
    """Open rounds of a thousand questions, so many that each agency owes so many answers.

    Returns the agencies that owe them.
    """
    await admin.execute(PUSH.format(audits=values // PUSH_QUESTIONS, agencies=agencies))
    await admin.execute("VACUUM (ANALYZE)")
    rows = await admin.fetch(
        "SELECT DISTINCT r.agency_id FROM audit_responses r JOIN audits a ON a.id = r.audit_id"
        f" WHERE a.reference LIKE '{PUSHED}-%'"
    )
    return [row["agency_id"] for row in rows]


async def copy_tables(admin: asyncpg.Connection, schema: str) -> None:
    """Make the tables a version writes to: the same columns, checks, indexes and references."""
    await admin.execute(f"CREATE SCHEMA {schema}")
    for table in COPIED:
        await admin.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
    for table, definition in await admin.fetch(REFERENCES, list(COPIED)):
        await admin.execute(f"ALTER TABLE {schema}.{table} ADD {definition}")


async def empty_copies(admin: asyncpg.Connection) -> None:
    """Take away what a round of writing left, in every version's tables."""
    tables = [
        f"{schema}.{table}"
        for schema in ("public", "floor", "orm")
        for table in COPIED
        if table != "answers"
    ]
    await admin.execute(f"TRUNCATE {', '.join(tables)}")


REFERENCES = """
SELECT c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.contype = 'f' AND c.conrelid = ANY ($1::text[]::regclass[])
"""

INSTRUMENT = f"""
WITH scale AS (
    INSERT INTO grade_scales (code, version, title) VALUES ('bench', 1, 'Four grades') RETURNING id
), grades AS (
    INSERT INTO grade_values (scale_id, code, label, rank, meets)
    SELECT id, n::text, 'Grade ' || n, n, (ARRAY['not_met', 'partly', 'met', 'met'])[n]
    FROM scale, generate_series(1, 4) AS n
), instrument AS (
    INSERT INTO instruments (code, version, kind, title, grade_scale_id, status)
    SELECT 'bench', 1, 'section_11', 'Thirty questions', id, 'published' FROM scale
    RETURNING id
), made AS (
    INSERT INTO standards (instrument_id, position, code, title)
    SELECT id, n, 'S' || n, 'Standard ' || n FROM instrument, generate_series(1, 6) AS n
    RETURNING id, instrument_id, position
)
INSERT INTO questions (instrument_id, standard_id, position, code, text, answer_type)
SELECT instrument_id, id, n, 'Q' || n, 'How well is duty ' || n || ' met?', 'grade'
FROM made, generate_series(1, {QUESTIONS}) AS n WHERE n % 6 + 1 = made.position;

INSERT INTO audits (reference, title, kind, instrument_id, opens_on, due_on, locks_on, status)
SELECT 'S11-' || year, 'Section 11 ' || year, 'section_11', instruments.id,
    make_date(year, 9, 1), make_date(year, 11, 30), make_date(year, 12, 31),
    CASE WHEN n < {AUDITS} THEN 'concluded' ELSE 'open' END
FROM instruments, generate_series(1, {AUDITS}) AS n, LATERAL (SELECT 1986 + n) AS y (year)
ORDER BY n;
"""

PUSH = f"""
WITH instrument AS (
    INSERT INTO instruments (code, version, kind, title, grade_scale_id, status)
    SELECT 'push', 1, 'section_11', 'A thousand questions', id, 'published' FROM grade_scales
    RETURNING id
), made AS (
    INSERT INTO standards (instrument_id, position, code, title)
    SELECT id, 1, 'S1', 'Standard' FROM instrument RETURNING id, instrument_id
)
INSERT INTO questions (instrument_id, standard_id, position, code, text, answer_type)
SELECT instrument_id, id, n, 'Q' || n, 'How well is duty ' || n || ' met?', 'grade'
FROM made, generate_series(1, {PUSH_QUESTIONS}) AS n;

INSERT INTO audits (reference, title, kind, instrument_id, opens_on, due_on, locks_on, status)
SELECT '{PUSHED}-' || n, 'Push ' || n, 'section_11', id, current_date - 1, current_date + 30,
    current_date + 60, 'open'
FROM instruments, generate_series(1, {{audits}}) AS n WHERE code = 'push';

INSERT INTO audit_responses (audit_id, agency_id)
SELECT a.id, g.id FROM audits a, (SELECT id FROM agencies ORDER BY id LIMIT {{agencies}}) g
WHERE a.reference LIKE '{PUSHED}-%';
"""

AGENCIES = """
INSERT INTO agencies (name, sector, duty_bases, town, valid_from)
SELECT 'Agency ' || n, (ARRAY['school', 'college', 'police', 'nhs_acute', 'voluntary'])[n % 5 + 1],
    ARRAY[CASE WHEN n % 5 < 2 THEN 'section_175' ELSE 'section_11' END], 'Town ' || n % 97,
    '1987-01-01'
FROM generate_series(1, {agencies}) AS n;
"""

RESPONSES = """
WITH made AS MATERIALIZED (
    SELECT uuidv7() AS id, (random() * 99)::int AS chance, pair.*
    FROM (
        SELECT a.id AS audit_id, a.status AS audit_status, a.due_on, g.id AS agency_id,
            g.duty_bases[1] AS duty_basis, g.name
        FROM audits a CROSS JOIN agencies g ORDER BY a.due_on, g.id
    ) pair
), placed AS (
    SELECT *, CASE WHEN chance < 4 THEN 'non_return'
        WHEN audit_status <> 'open' THEN CASE WHEN chance < 20 THEN 'final' ELSE 'locked' END
        WHEN chance < 40 THEN 'in_progress' WHEN chance < 50 THEN 'returned'
        ELSE 'submitted' END AS status,
        lag(id) OVER (PARTITION BY agency_id ORDER BY due_on) AS previous_id
    FROM made
)
INSERT INTO audit_responses (id, audit_id, agency_id, duty_basis, status, revision,
    times_returned, completed_by, signed_off_by, contributor_ids, submitted_by_id, submitted_at,
    submitted_on, is_late, answered, unanswered, external_ref, previous_response_id)
SELECT id, audit_id, agency_id, duty_basis, status,
    CASE WHEN is_in THEN 1 + chance % 2 ELSE 0 END, CASE WHEN is_in THEN chance % 2 ELSE 0 END,
    CASE WHEN is_in THEN 'Lead of ' || name END, CASE WHEN is_in THEN 'Head of ' || name END,
    ARRAY[agency_id], CASE WHEN is_in THEN agency_id END,
    CASE WHEN is_in THEN due_on - chance + time '11:00' END,
    CASE WHEN is_in THEN due_on - chance END, CASE WHEN is_in THEN chance = 0 END,
    CASE WHEN is_in THEN 30 ELSE 0 END, CASE WHEN is_in THEN 0 END,
    'return-' || due_on, previous_id
FROM placed, LATERAL (SELECT status NOT IN ('non_return', 'in_progress')) AS sent (is_in)
ORDER BY id;
"""

ROSTER = """
INSERT INTO roster_entries (audit_id, agency_id, duty_basis)
SELECT audit_id, agency_id, duty_basis FROM audit_responses
WHERE audit_id = (SELECT id FROM audits WHERE status = 'open');
"""

ANSWERS = """
INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade, narrative)
SELECT r.id, r.audit_id, r.agency_id, q.id, ((random() * 3)::int + 1)::text,
    'Seen in the files of the year, and talked over with the staff.'
FROM audits a JOIN audit_responses r ON r.audit_id = a.id CROSS JOIN questions q
WHERE a.status = 'open';
"""
