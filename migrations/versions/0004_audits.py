"""Instruments, audits and responses.

An agency sees and writes what is its own. The Board sees every response, down to the class of the
reader's role. Moderators write only what is theirs to say, and never about their own agency.
"""

from migrations.support import RECORD, let_policy_read, one_of, run, secure

revision = "0004"
down_revision = "0003"

KINDS = "section_11 section_175".split()
AUDIT_STATES = (
    "draft approved open grace closed moderating challenge reporting concluded archived cancelled"
).split()
RESPONSE_STATES = (
    "not_started in_progress agency_review submitted returned accepted moderated challenged final"
    " locked exempt non_return withdrawn"
).split()

INSTRUMENTS = f"""
CREATE TABLE grade_scales (
    {RECORD},
    code text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    title text NOT NULL,
    valid_from date,
    valid_to date,
    comparable_with text[] NOT NULL DEFAULT '{{}}',
    CONSTRAINT grade_scales_code_version_key UNIQUE (code, version),
    CONSTRAINT grade_scales_period_check CHECK (valid_to >= valid_from)
);

CREATE TABLE grade_values (
    {RECORD},
    scale_id uuid NOT NULL REFERENCES grade_scales,
    code text NOT NULL,
    label text NOT NULL,
    rank smallint NOT NULL,
    meets varchar(64) NOT NULL {one_of("meets", ["met", "partly", "not_met"])},
    CONSTRAINT grade_values_scale_code_key UNIQUE (scale_id, code),
    CONSTRAINT grade_values_scale_rank_key UNIQUE (scale_id, rank)
);
CREATE INDEX grade_values_scale_id_idx ON grade_values (scale_id);

CREATE TABLE instruments (
    {RECORD},
    code text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    title text NOT NULL,
    source text,
    grade_scale_id uuid NOT NULL REFERENCES grade_scales,
    status varchar(64) NOT NULL DEFAULT 'draft'
        {one_of("status", ["draft", "published", "retired"])},
    valid_from date,
    completed_by_post text,
    signed_off_by_post text,
    CONSTRAINT instruments_code_version_key UNIQUE (code, version)
);
CREATE INDEX instruments_grade_scale_id_idx ON instruments (grade_scale_id);

CREATE TABLE standards (
    {RECORD},
    instrument_id uuid NOT NULL REFERENCES instruments,
    position smallint NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    statement text,
    source text,
    CONSTRAINT standards_instrument_code_key UNIQUE (instrument_id, code)
);
CREATE INDEX standards_instrument_id_idx ON standards (instrument_id);

CREATE TABLE questions (
    {RECORD},
    instrument_id uuid NOT NULL REFERENCES instruments,
    standard_id uuid NOT NULL REFERENCES standards,
    position smallint NOT NULL,
    code text NOT NULL,
    text text NOT NULL,
    guidance text,
    source text,
    answer_type varchar(64) NOT NULL
        {one_of("answer_type", ["grade", "number", "yes_no", "text", "date"])},
    is_mandatory boolean NOT NULL DEFAULT true,
    evidence varchar(64) NOT NULL DEFAULT 'none'
        {one_of("evidence", ["required", "expected", "none"])},
    sectors text[],
    duty_bases text[],
    number_rule jsonb,
    crosswalk jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT questions_instrument_code_key UNIQUE (instrument_id, code),
    CONSTRAINT questions_number_check CHECK (number_rule IS NULL OR answer_type = 'number'),
    CONSTRAINT questions_bounds_check
        CHECK ((number_rule ->> 'minimum')::bigint <= (number_rule ->> 'maximum')::bigint)
);
CREATE INDEX questions_instrument_id_idx ON questions (instrument_id);
CREATE INDEX questions_standard_id_idx ON questions (standard_id);
"""

AUDITS = f"""
CREATE TABLE audits (
    {RECORD},
    reference text NOT NULL UNIQUE,
    title text NOT NULL,
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    instrument_id uuid NOT NULL REFERENCES instruments,
    previous_audit_id uuid REFERENCES audits,
    opens_on date NOT NULL,
    due_on date NOT NULL,
    locks_on date NOT NULL,
    is_retrospective boolean NOT NULL DEFAULT false,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", AUDIT_STATES)},
    CONSTRAINT audits_dates_check CHECK (opens_on <= due_on AND due_on <= locks_on)
);
CREATE INDEX audits_instrument_id_idx ON audits (instrument_id);
CREATE INDEX audits_previous_audit_id_idx ON audits (previous_audit_id);

CREATE TABLE roster_entries (
    {RECORD},
    audit_id uuid NOT NULL REFERENCES audits,
    agency_id uuid NOT NULL REFERENCES agencies,
    duty_basis text,
    CONSTRAINT roster_entries_audit_agency_key UNIQUE (audit_id, agency_id)
);
CREATE INDEX roster_entries_audit_id_idx ON roster_entries (audit_id, id);
CREATE INDEX roster_entries_agency_id_idx ON roster_entries (agency_id);

CREATE TABLE audit_responses (
    {RECORD},
    audit_id uuid NOT NULL REFERENCES audits,
    agency_id uuid NOT NULL REFERENCES agencies,
    duty_basis text,
    status varchar(64) NOT NULL DEFAULT 'not_started' {one_of("status", RESPONSE_STATES)},
    revision smallint NOT NULL DEFAULT 0,
    times_returned smallint NOT NULL DEFAULT 0,
    completed_by text,
    signed_off_by text,
    contributor_ids uuid[] NOT NULL DEFAULT '{{}}',
    answered smallint NOT NULL DEFAULT 0,
    unanswered smallint,
    submitted_by_id uuid,
    submitted_at timestamptz,
    submitted_on date,
    is_late boolean,
    reason text,
    external_ref text,
    previous_response_id uuid REFERENCES audit_responses,
    CONSTRAINT audit_responses_audit_agency_key UNIQUE (audit_id, agency_id)
);
CREATE INDEX audit_responses_audit_id_idx ON audit_responses (audit_id, id);
CREATE INDEX audit_responses_agency_id_idx ON audit_responses (agency_id, id);
CREATE INDEX audit_responses_previous_response_id_idx ON audit_responses (previous_response_id);
CREATE INDEX audit_responses_updated_at_idx ON audit_responses (updated_at);

CREATE TABLE answers (
    {RECORD},
    response_id uuid NOT NULL REFERENCES audit_responses,
    audit_id uuid NOT NULL REFERENCES audits,
    agency_id uuid NOT NULL REFERENCES agencies,
    question_id uuid NOT NULL REFERENCES questions,
    grade text,
    value jsonb,
    narrative text,
    impact text,
    is_not_applicable boolean NOT NULL DEFAULT false,
    not_applicable_reason text,
    is_good_practice boolean NOT NULL DEFAULT false,
    may_be_shared boolean NOT NULL DEFAULT false,
    improvements jsonb NOT NULL DEFAULT '[]',
    own_reference text,
    answered_by_id uuid,
    previous_grade text,
    previous_narrative text,
    is_carried_forward boolean NOT NULL DEFAULT false,
    moderated_grade text,
    moderator_comment text,
    returned_comment text,
    CONSTRAINT answers_response_question_key UNIQUE (response_id, question_id),
    CONSTRAINT answers_reason_check
        CHECK (NOT is_not_applicable OR not_applicable_reason IS NOT NULL)
) WITH (
    -- A summary reads the index alone where pages are known to be visible: keep that fresh.
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02
);
CREATE INDEX answers_agency_id_idx ON answers (agency_id, id);
CREATE INDEX answers_question_id_idx ON answers (question_id);
-- All a summary counts, and nothing it does not: what `app.services.answers.GIVEN` says.
CREATE INDEX answers_audit_id_idx ON answers (audit_id, question_id)
    INCLUDE (response_id, agency_id, grade, moderated_grade, is_not_applicable)
    WHERE NOT is_carried_forward AND (is_not_applicable OR grade IS NOT NULL OR value IS NOT NULL);

CREATE TABLE submissions (
    {RECORD},
    response_id uuid NOT NULL REFERENCES audit_responses,
    audit_id uuid NOT NULL REFERENCES audits,
    agency_id uuid NOT NULL REFERENCES agencies,
    revision smallint NOT NULL,
    completed_by text NOT NULL,
    signed_off_by text NOT NULL,
    submitted_on date NOT NULL,
    submitted_by_id uuid,
    external_ref text,
    content_sha256 bytea NOT NULL,
    answers jsonb NOT NULL,
    CONSTRAINT submissions_response_revision_key UNIQUE (response_id, revision),
    CONSTRAINT submissions_two_people_check CHECK (lower(completed_by) <> lower(signed_off_by))
);
CREATE UNIQUE INDEX submissions_agency_external_ref_key ON submissions (agency_id, external_ref);
CREATE INDEX submissions_audit_id_idx ON submissions (audit_id);
CREATE INDEX submissions_agency_id_idx ON submissions (agency_id);

CREATE TABLE evidence (
    {RECORD},
    response_id uuid NOT NULL REFERENCES audit_responses,
    agency_id uuid NOT NULL REFERENCES agencies,
    question_id uuid REFERENCES questions,
    file_name text NOT NULL,
    media_type text NOT NULL,
    size_bytes integer NOT NULL CHECK (size_bytes > 0),
    sha256 text NOT NULL,
    storage_key text NOT NULL,
    description text,
    expires_on date,
    scan_result text NOT NULL {one_of("scan_result", ["not_scanned", "clean"])},
    uploaded_by_id uuid
);
CREATE INDEX evidence_response_id_idx ON evidence (response_id);
CREATE INDEX evidence_agency_id_idx ON evidence (agency_id);
CREATE INDEX evidence_question_id_idx ON evidence (question_id);

CREATE TABLE lock_exceptions (
    {RECORD},
    response_id uuid NOT NULL REFERENCES audit_responses,
    agency_id uuid NOT NULL REFERENCES agencies,
    reason text NOT NULL,
    expires_at timestamptz NOT NULL,
    requested_by_id uuid NOT NULL,
    approved_by_id uuid,
    approved_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT lock_exceptions_two_people_check CHECK (approved_by_id <> requested_by_id)
);
CREATE INDEX lock_exceptions_response_id_idx ON lock_exceptions (response_id);
CREATE INDEX lock_exceptions_agency_id_idx ON lock_exceptions (agency_id);

CREATE TABLE good_practice (
    {RECORD},
    answer_id uuid NOT NULL REFERENCES answers,
    agency_id uuid NOT NULL REFERENCES agencies,
    audit_id uuid NOT NULL REFERENCES audits,
    question_code text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    CONSTRAINT good_practice_answer_id_key UNIQUE (answer_id)
);
CREATE INDEX good_practice_agency_id_idx ON good_practice (agency_id);
CREATE INDEX good_practice_audit_id_idx ON good_practice (audit_id);

CREATE TABLE transitions (
    {RECORD},
    subject text NOT NULL,
    record_id uuid NOT NULL,
    agency_id uuid,
    from_state text NOT NULL,
    to_state text NOT NULL,
    reason text,
    actor_id uuid NOT NULL
);
CREATE INDEX transitions_record_id_idx ON transitions (record_id, id);
"""

GUARD = """
-- Moderators write what moderators say, and never about their own agency; the agency writes what
-- the agency says; what the past said was written when the audit opened.
CREATE FUNCTION actor.guard_answer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (NEW.moderated_grade, NEW.moderator_comment, NEW.returned_comment)
        IS DISTINCT FROM (OLD.moderated_grade, OLD.moderator_comment, OLD.returned_comment)
        AND (NOT actor.can('audit-responses:moderate')
             OR NEW.agency_id IS NOT DISTINCT FROM actor.agency_id()) THEN
        RAISE EXCEPTION 'Only a moderator of another agency.' USING ERRCODE = '42501';
    END IF;
    IF (NEW.previous_grade, NEW.previous_narrative)
        IS DISTINCT FROM (OLD.previous_grade, OLD.previous_narrative)
        AND NOT actor.can('audits:write') THEN
        RAISE EXCEPTION 'The past does not change.' USING ERRCODE = '42501';
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF (NEW.grade, NEW.value, NEW.narrative, NEW.impact, NEW.is_not_applicable,
        NEW.not_applicable_reason, NEW.is_good_practice, NEW.may_be_shared, NEW.improvements,
        NEW.own_reference)
        IS DISTINCT FROM (OLD.grade, OLD.value, OLD.narrative, OLD.impact, OLD.is_not_applicable,
                          OLD.not_applicable_reason, OLD.is_good_practice, OLD.may_be_shared,
                          OLD.improvements, OLD.own_reference)
        AND NEW.agency_id IS DISTINCT FROM actor.agency_id() THEN
        RAISE EXCEPTION 'Only the agency may write this.' USING ERRCODE = '42501';
    END IF;
    IF (NEW.response_id, NEW.audit_id, NEW.agency_id, NEW.question_id)
        IS DISTINCT FROM (OLD.response_id, OLD.audit_id, OLD.agency_id, OLD.question_id) THEN
        RAISE EXCEPTION 'An answer stays where it is.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_answer TO safeguarding_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON answers FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_answer();

-- Leave to share that is taken back takes back what was shared.
CREATE FUNCTION actor.withdraw_good_practice() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM public.good_practice WHERE answer_id = NEW.id;
    RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION actor.withdraw_good_practice TO safeguarding_app;
CREATE TRIGGER withdraw AFTER UPDATE ON answers FOR EACH ROW
    WHEN (OLD.may_be_shared AND NOT (NEW.may_be_shared AND NEW.is_good_practice))
    EXECUTE FUNCTION actor.withdraw_good_practice();

-- An approval is the approver's own and is given once.
CREATE FUNCTION actor.guard_lock_exception() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at)
        AND (OLD.approved_by_id IS NOT NULL OR OLD.revoked_at IS NOT NULL
             OR NEW.approved_by_id IS DISTINCT FROM actor.id()
             OR NOT actor.can('lock-exceptions:approve')) THEN
        RAISE EXCEPTION 'Only an approver may approve, and once.' USING ERRCODE = '42501';
    END IF;
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'A revocation stands.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_lock_exception TO safeguarding_app;
CREATE TRIGGER guard BEFORE UPDATE ON lock_exceptions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_lock_exception();
"""

DEFINERS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Which of these stored files belong to a record: for the sweeper, who may not read the records.
CREATE FUNCTION actor.kept_files(keys text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT actor.can('jobs:run') THEN
        RAISE EXCEPTION 'Only the worker sweeps.' USING ERRCODE = '42501';
    END IF;
    RETURN ARRAY(SELECT e.storage_key FROM public.evidence e WHERE e.storage_key = ANY (keys));
END $$;

-- What responses said when they were last submitted, as figures need it: grades, and no text.
CREATE FUNCTION actor.last_submitted(responses uuid[])
RETURNS TABLE (response_id uuid, question text, grade text, is_not_applicable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT last.response_id, a.question, a.grade, a.is_not_applicable
    FROM (
        SELECT DISTINCT ON (s.response_id) s.response_id, s.answers FROM public.submissions s
        WHERE s.response_id = ANY (responses) AND actor.can('audit-summaries:read')
            AND actor.can('audit-responses:all')
        ORDER BY s.response_id, s.revision DESC
    ) AS last
    CROSS JOIN LATERAL jsonb_to_recordset(last.answers)
        AS a (question text, grade text, value jsonb, is_not_applicable boolean)
    WHERE a.is_not_applicable OR a.grade IS NOT NULL OR a.value IS NOT NULL
$$;
REVOKE EXECUTE ON FUNCTION actor.kept_files, actor.last_submitted FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.kept_files, actor.last_submitted TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

SIGNED_IN = "(SELECT actor.id()) IS NOT NULL"
ALL = "(SELECT actor.can('audit-responses:all'))"
OWN = "agency_id = (SELECT actor.agency_id())"
MODERATES = (
    "(SELECT actor.can('audit-responses:moderate'))"
    " AND agency_id IS DISTINCT FROM (SELECT actor.agency_id())"
)
RUNS = "(SELECT actor.can('audits:write'))"
FILLS_IN = f"(SELECT actor.can('audit-responses:write')) AND {OWN}"
SUBMITS = f"(SELECT actor.can('audit-responses:submit')) AND {OWN}"
VISIBLE = f"CASE WHEN {ALL} THEN true ELSE {OWN} END"
APPROVES = "(SELECT actor.can('audits:approve'))"
APPROVES_EXCEPTIONS = "(SELECT actor.can('lock-exceptions:approve'))"
INSIDE = f"CASE WHEN {ALL} AND (SELECT actor.level()) >= 2 THEN true ELSE {OWN} END"


def upgrade() -> None:
    run(INSTRUMENTS + AUDITS)
    _secure_instruments()
    _secure_audits()
    run(GUARD)
    let_policy_read("evidence", "(storage_key)")
    let_policy_read("submissions", "(response_id, revision, answers)")
    run(DEFINERS)


def _secure_instruments() -> None:
    writes = "(SELECT actor.can('instruments:write'))"
    draft = f"{writes} AND instrument_id IN (SELECT id FROM instruments WHERE status = 'draft')"
    secure("grade_scales", reads=SIGNED_IN, creates=writes)
    secure("grade_values", reads=SIGNED_IN, creates=writes)
    secure(
        "instruments",
        reads=f"CASE WHEN {writes} THEN true ELSE status <> 'draft' AND {SIGNED_IN} END",
        creates=f"{writes} AND status = 'draft'",
        changes=writes,
    )
    for table in ("standards", "questions"):
        secure(
            table,
            reads="instrument_id IN (SELECT id FROM instruments)",
            creates=draft,
            changes=draft,
            deletes=draft,
        )


def _secure_audits() -> None:
    secure(
        "audits",
        reads=f"CASE WHEN {ALL} THEN true ELSE status <> 'draft' AND {SIGNED_IN} END",
        creates=f"{RUNS} AND status = 'draft'",
        changes=f"{RUNS} OR {APPROVES}",
    )
    secure("roster_entries", reads=VISIBLE, creates=RUNS, deletes=RUNS)
    writes = f"({FILLS_IN} OR {SUBMITS})"
    # An agency leaves its response in a state that is the agency's to choose.
    secure(
        "audit_responses",
        reads=VISIBLE,
        creates=RUNS,
        changes=f"{RUNS} OR {APPROVES} OR {MODERATES} OR {writes}",
        changed=f"{RUNS} OR {APPROVES} OR {MODERATES}"
        f" OR {writes} AND status IN ('in_progress', 'agency_review', 'submitted')",
    )
    secure(
        "answers",
        reads=VISIBLE,
        creates=f"({RUNS} OR {writes}) AND {_of_response('answers')}",
        changes=f"{MODERATES} OR {writes}",
        trail=False,
    )
    secure("submissions", reads=INSIDE, creates=f"{SUBMITS} AND {_of_response('submissions')}")
    secure(
        "evidence",
        reads=INSIDE,
        creates=f"{FILLS_IN} AND {_of_response('evidence')}",
        deletes=FILLS_IN,
    )
    secure(
        "lock_exceptions",
        reads=VISIBLE,
        creates=f"({RUNS} OR {MODERATES}) AND requested_by_id = (SELECT actor.id())"
        f" AND approved_by_id IS NULL AND revoked_at IS NULL AND {_of_response('lock_exceptions')}",
        changes=f"{RUNS} OR {APPROVES_EXCEPTIONS}",
        columns="(approved_by_id, approved_at, revoked_at, updated_at)",
    )
    secure(
        "good_practice",
        reads=SIGNED_IN,
        creates=f"{MODERATES} AND EXISTS (SELECT FROM answers a JOIN audit_responses r"
        " ON r.id = a.response_id WHERE a.id = answer_id AND a.agency_id = good_practice.agency_id"
        " AND a.audit_id = good_practice.audit_id AND a.is_good_practice AND a.may_be_shared"
        " AND r.status IN ('accepted', 'moderated', 'challenged', 'final', 'locked'))",
        deletes=f"{RUNS} OR {writes}",
    )
    secure(
        "transitions",
        reads=f"CASE WHEN agency_id IS NULL THEN {SIGNED_IN} ELSE {VISIBLE} END",
        creates="actor_id = (SELECT actor.id())",
        trail=False,
    )


def _of_response(table: str) -> str:
    """Say that a row names a response its writer sees, and the agency of that response."""
    return (
        f"EXISTS (SELECT FROM audit_responses r WHERE r.id = {table}.response_id"
        f" AND r.agency_id = {table}.agency_id)"
    )


def downgrade() -> None:
    run(
        "DROP TABLE transitions, good_practice, lock_exceptions, evidence, submissions, answers,"
        " audit_responses, roster_entries, audits, questions, standards, instruments,"
        " grade_values, grade_scales; DROP FUNCTION actor.guard_answer, actor.guard_lock_exception,"
        " actor.withdraw_good_practice, actor.kept_files, actor.last_submitted"
    )
