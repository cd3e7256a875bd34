"""Challenges, challenge events and commendations; feedback, letters and audits asked for.

Framework sections 8, 9, 15 and 23. Each side writes its own part: who is challenged replies, who
challenged says what came of it.
"""

from migrations.support import RECORD, guard_moves, let_policy_read, one_of, run, secure

revision = "0021"
down_revision = "0020"

EVENTS = "planned pack_issued held record_draft record_agreed closed".split()
CHALLENGES = "raised acknowledged replied resolved escalated closed".split()
SUBJECTS = (
    "actions audit_responses audits briefings decisions findings obligations priorities"
    " recommendations other"
).split()
OUTCOMES = "accepted partly_accepted rejected action_agreed".split()
COMMENDATIONS = "draft agreed published".split()
SOURCES = (
    "indicator s11 s175 maca eha_audit single_agency_audit thematic_audit case_review cdop"
    " survey_children survey_families survey_practitioners forum training_evaluation"
    " training_return assurance_report agency_annual_report subgroup_annual_report inspection"
    " complaint_compliment deep_dive national_research neighbour_learning jsna"
).split()
VOICES = "children families practitioners agency public".split()
FEEDBACK = "received considered published closed".split()
LETTERS = "draft issued acknowledged".split()
REQUESTS = "requested accepted declined reported agreed closed".split()

EVENT_TABLES = f"""
CREATE TABLE challenge_events (
    {RECORD},
    audit_id uuid NOT NULL REFERENCES audits,
    body_id uuid NOT NULL REFERENCES bodies,
    title text NOT NULL,
    held_on date NOT NULL,
    record text,
    status varchar(64) NOT NULL DEFAULT 'planned' {one_of("status", EVENTS)}
);
CREATE INDEX challenge_events_audit_id_idx ON challenge_events (audit_id);
CREATE INDEX challenge_events_body_id_idx ON challenge_events (body_id);

CREATE TABLE challenge_pairings (
    {RECORD},
    event_id uuid NOT NULL REFERENCES challenge_events,
    challenger_agency_id uuid NOT NULL REFERENCES agencies,
    challenged_agency_id uuid NOT NULL REFERENCES agencies,
    CONSTRAINT challenge_pairings_challenger_key UNIQUE (event_id, challenger_agency_id),
    CONSTRAINT challenge_pairings_challenged_key UNIQUE (event_id, challenged_agency_id),
    CONSTRAINT challenge_pairings_pair_key
        UNIQUE (event_id, challenger_agency_id, challenged_agency_id),
    CONSTRAINT challenge_pairings_self_check CHECK (challenger_agency_id <> challenged_agency_id)
);
CREATE INDEX challenge_pairings_challenger_agency_id_idx
    ON challenge_pairings (challenger_agency_id);
CREATE INDEX challenge_pairings_challenged_agency_id_idx
    ON challenge_pairings (challenged_agency_id);

CREATE TABLE challenge_exchanges (
    {RECORD},
    event_id uuid NOT NULL,
    challenger_agency_id uuid NOT NULL,
    challenged_agency_id uuid NOT NULL,
    question_id uuid NOT NULL REFERENCES questions,
    challenge text NOT NULL,
    reply text,
    grade_before text,
    grade_after text,
    commitment text,
    commitment_due_on date,
    action_id uuid CONSTRAINT challenge_exchanges_action_id_key UNIQUE REFERENCES actions,
    FOREIGN KEY (event_id, challenger_agency_id, challenged_agency_id)
        REFERENCES challenge_pairings (event_id, challenger_agency_id, challenged_agency_id),
    CONSTRAINT challenge_exchanges_commitment_check
        CHECK ((commitment IS NULL) = (commitment_due_on IS NULL)),
    CONSTRAINT challenge_exchanges_action_check CHECK (action_id IS NULL OR commitment IS NOT NULL)
);
CREATE INDEX challenge_exchanges_event_id_idx ON challenge_exchanges (event_id, id);
CREATE INDEX challenge_exchanges_challenger_agency_id_idx
    ON challenge_exchanges (challenger_agency_id);
CREATE INDEX challenge_exchanges_challenged_agency_id_idx
    ON challenge_exchanges (challenged_agency_id);
CREATE INDEX challenge_exchanges_question_id_idx ON challenge_exchanges (question_id);
"""

TABLES = f"""
CREATE TABLE challenges (
    {RECORD},
    from_agency_id uuid REFERENCES agencies,
    from_body_id uuid REFERENCES bodies,
    to_agency_id uuid REFERENCES agencies,
    to_body_id uuid REFERENCES bodies,
    subject varchar(64) NOT NULL {one_of("subject", SUBJECTS)},
    record_id uuid,
    title text NOT NULL,
    text text NOT NULL,
    reply_due_on date NOT NULL,
    reply text,
    replied_on date,
    outcome varchar(64) {one_of("outcome", OUTCOMES)},
    outcome_reasons text,
    status varchar(64) NOT NULL DEFAULT 'raised' {one_of("status", CHALLENGES)},
    CONSTRAINT challenges_from_check CHECK (num_nonnulls(from_agency_id, from_body_id) = 1),
    CONSTRAINT challenges_to_check CHECK (num_nonnulls(to_agency_id, to_body_id) = 1),
    CONSTRAINT challenges_self_check
        CHECK (from_agency_id <> to_agency_id AND from_body_id <> to_body_id),
    CONSTRAINT challenges_record_check CHECK ((subject = 'other') = (record_id IS NULL)),
    CONSTRAINT challenges_reply_check
        CHECK (status NOT IN ('replied', 'resolved') OR reply IS NOT NULL),
    CONSTRAINT challenges_settled_check
        CHECK ((outcome IS NULL) = (outcome_reasons IS NULL)
            AND (status NOT IN ('resolved', 'closed') OR outcome IS NOT NULL))
);
CREATE INDEX challenges_from_agency_id_idx ON challenges (from_agency_id, id);
CREATE INDEX challenges_from_body_id_idx ON challenges (from_body_id, id);
CREATE INDEX challenges_to_agency_id_idx ON challenges (to_agency_id, id);
CREATE INDEX challenges_to_body_id_idx ON challenges (to_body_id, id);
CREATE INDEX challenges_record_id_idx ON challenges (record_id);

CREATE TABLE commendations (
    {RECORD},
    agency_id uuid REFERENCES agencies,
    team text,
    title text NOT NULL,
    text text NOT NULL,
    source_kind varchar(64) NOT NULL {one_of("source_kind", SOURCES)},
    source_id uuid,
    source_title text NOT NULL,
    drafted_by_id uuid NOT NULL REFERENCES principals,
    published_on date,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", COMMENDATIONS)},
    CONSTRAINT commendations_whose_check CHECK (num_nonnulls(agency_id, team) > 0)
);
CREATE INDEX commendations_agency_id_idx ON commendations (agency_id, id);
CREATE INDEX commendations_drafted_by_id_idx ON commendations (drafted_by_id);

CREATE TABLE feedback_items (
    {RECORD},
    source varchar(64) NOT NULL {one_of("source", VOICES)},
    agency_id uuid REFERENCES agencies,
    received_on date NOT NULL,
    text text NOT NULL,
    recommendation_id uuid REFERENCES recommendations,
    action_id uuid REFERENCES actions,
    you_said text,
    we_did text,
    published_on date,
    status varchar(64) NOT NULL DEFAULT 'received' {one_of("status", FEEDBACK)},
    CONSTRAINT feedback_items_told_check
        CHECK (published_on IS NULL OR num_nulls(you_said, we_did) = 0)
);
CREATE INDEX feedback_items_agency_id_idx ON feedback_items (agency_id, id);
CREATE INDEX feedback_items_recommendation_id_idx ON feedback_items (recommendation_id);
CREATE INDEX feedback_items_action_id_idx ON feedback_items (action_id);

CREATE TABLE feedback_letters (
    {RECORD},
    agency_id uuid NOT NULL REFERENCES agencies,
    period_from date NOT NULL,
    period_to date NOT NULL,
    contents jsonb NOT NULL,
    message text,
    issued_on date,
    acknowledged_on date,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", LETTERS)},
    CONSTRAINT feedback_letters_period_key UNIQUE (agency_id, period_from, period_to),
    CONSTRAINT feedback_letters_period_check CHECK (period_to >= period_from)
);

CREATE TABLE audit_requests (
    {RECORD},
    agency_id uuid NOT NULL REFERENCES agencies,
    body_id uuid NOT NULL REFERENCES bodies,
    title text NOT NULL,
    area text NOT NULL,
    gateway text NOT NULL,
    due_on date NOT NULL,
    findings text,
    action_plan text,
    implemented_by date,
    status varchar(64) NOT NULL DEFAULT 'requested' {one_of("status", REQUESTS)},
    CONSTRAINT audit_requests_reported_check CHECK (status NOT IN ('reported', 'agreed')
        OR num_nulls(findings, action_plan, implemented_by) = 0)
);
CREATE INDEX audit_requests_agency_id_idx ON audit_requests (agency_id, id);
CREATE INDEX audit_requests_body_id_idx ON audit_requests (body_id);
"""

GRADES = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- The grade of a return at a question, for who challenges that agency at the event, and for who
-- runs it; nobody else learns it from here.
CREATE FUNCTION actor.grade_of_return(event uuid, agency uuid, question uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(a.moderated_grade, a.grade)
    FROM public.challenge_events e JOIN public.answers a ON a.audit_id = e.audit_id
    WHERE e.id = grade_of_return.event AND a.agency_id = grade_of_return.agency
        AND a.question_id = grade_of_return.question
        AND (actor.can('learning:run') OR EXISTS (
            SELECT FROM public.challenge_pairings p WHERE p.event_id = e.id
                AND p.challenger_agency_id = actor.agency_id()
                AND p.challenged_agency_id = a.agency_id))
$$;
REVOKE EXECUTE ON FUNCTION actor.grade_of_return FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.grade_of_return TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

GUARDS = """
-- The record is agreed by the chair, or by a decision of the Board, and stands then.
CREATE FUNCTION actor.guard_challenge_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status = 'record_agreed' AND OLD.status <> 'record_agreed'
        AND NOT actor.can('chairs-action:take') AND NOT EXISTS (
            SELECT FROM public.decisions d JOIN public.bodies b ON b.id = d.body_id
            WHERE d.record_id = OLD.id AND d.outcome = 'agreed' AND b.code = 'board') THEN
        RAISE EXCEPTION 'Only the chair, or the Board by a decision.' USING ERRCODE = '42501';
    END IF;
    IF OLD.status IN ('record_agreed', 'closed') AND (NEW.title, NEW.held_on, NEW.record)
        IS DISTINCT FROM (OLD.title, OLD.held_on, OLD.record) THEN
        RAISE EXCEPTION 'What was agreed stands.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.grade_exchange() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.grade_before :=
        actor.grade_of_return(NEW.event_id, NEW.challenged_agency_id, NEW.question_id);
    RETURN NEW;
END $$;

-- Who is challenged replies and promises; who runs the event grades; a commitment becomes one
-- action, when the record is agreed.
CREATE FUNCTION actor.guard_exchange() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    stands constant text := (SELECT e.status FROM public.challenge_events e
        WHERE e.id = OLD.event_id);
    is_own constant boolean := OLD.challenged_agency_id IS NOT DISTINCT FROM actor.agency_id();
BEGIN
    IF (NEW.reply, NEW.commitment, NEW.commitment_due_on)
        IS DISTINCT FROM (OLD.reply, OLD.commitment, OLD.commitment_due_on)
        AND NOT (is_own AND stands IN ('pack_issued', 'held', 'record_draft')) THEN
        RAISE EXCEPTION 'Only who is challenged replies, until it is agreed.'
            USING ERRCODE = '42501';
    END IF;
    IF NEW.grade_after IS DISTINCT FROM OLD.grade_after
        AND NOT (NOT is_own AND stands IN ('held', 'record_draft')
            AND (actor.can('learning:run') OR actor.can('chairs-action:take'))) THEN
        RAISE EXCEPTION 'Only who runs the event grades, until it is agreed.'
            USING ERRCODE = '42501';
    END IF;
    IF NEW.action_id IS DISTINCT FROM OLD.action_id
        AND NOT (OLD.action_id IS NULL AND stands = 'record_agreed'
            AND actor.can('decisions:write')) THEN
        RAISE EXCEPTION 'A commitment becomes one action.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_challenge() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    speaks constant boolean := actor.can('decisions:write');
    is_asked constant boolean := coalesce(OLD.to_agency_id = actor.agency_id(), false)
        OR OLD.to_body_id IS NOT NULL AND speaks;
    is_asker constant boolean := coalesce(OLD.from_agency_id = actor.agency_id(), false)
        OR OLD.from_body_id IS NOT NULL AND speaks
        OR OLD.to_agency_id IS NOT NULL AND actor.can('learning:run');
BEGIN
    IF NEW.reply IS DISTINCT FROM OLD.reply AND NOT (is_asked AND OLD.status = 'acknowledged') THEN
        RAISE EXCEPTION 'Only who is challenged replies, and once.' USING ERRCODE = '42501';
    END IF;
    IF (NEW.outcome, NEW.outcome_reasons) IS DISTINCT FROM (OLD.outcome, OLD.outcome_reasons)
        AND NOT (is_asker AND OLD.status IN ('replied', 'escalated')) THEN
        RAISE EXCEPTION 'Only the challenger says what came of it.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        CASE WHEN NEW.status IN ('acknowledged', 'replied') THEN is_asked ELSE is_asker END
    ) THEN
        RAISE EXCEPTION 'This is for the other side.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- The arguments are moves, written as two states, that the agency of the record alone makes.
CREATE FUNCTION actor.guard_own_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF concat_ws(' ', OLD.status, NEW.status) = ANY (TG_ARGV)
        AND OLD.agency_id IS DISTINCT FROM actor.agency_id() THEN
        RAISE EXCEPTION 'Only the agency itself.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_audit_request() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (NEW.findings, NEW.action_plan, NEW.implemented_by)
        IS DISTINCT FROM (OLD.findings, OLD.action_plan, OLD.implemented_by)
        AND NOT (OLD.status = 'accepted' AND OLD.agency_id IS NOT DISTINCT FROM actor.agency_id())
    THEN
        RAISE EXCEPTION 'Only the agency reports, until it has.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
"""
FUNCTIONS = (
    "guard_challenge_event grade_exchange guard_exchange guard_challenge guard_own_moves"
    " guard_audit_request"
).split()

OWN = "(SELECT actor.agency_id())"
ME = "(SELECT actor.id())"
READS = "(SELECT actor.can('learning:read'))"
RUNS = "(SELECT actor.can('learning:run'))"
WRITES = "(SELECT actor.can('challenges:write'))"
SPEAKS = "(SELECT actor.can('decisions:write'))"
CHAIRS = "(SELECT actor.can('chairs-action:take'))"
SEES_ALL = "(SELECT actor.can('audit-responses:all'))"
IN_EVENT = "EXISTS (SELECT FROM challenge_events e WHERE e.id = event_id AND e.status IN ({}))"


def upgrade() -> None:
    run(EVENT_TABLES)
    run(TABLES)
    for table, columns in (
        ("challenge_events", "(id, audit_id)"),
        ("challenge_pairings", "(event_id, challenger_agency_id, challenged_agency_id)"),
        ("answers", "(audit_id, agency_id, question_id, grade, moderated_grade)"),
    ):
        let_policy_read(table, columns)
    run(GRADES)
    run(GUARDS)
    run(
        "; ".join(
            f"GRANT EXECUTE ON FUNCTION actor.{name} TO safeguarding_app" for name in FUNCTIONS
        )
    )
    _secure_events()
    _secure_challenges()
    _secure_feedback()
    _secure_requests()
    for table in (
        "challenge_events",
        "challenges",
        "commendations",
        "feedback_items",
        "feedback_letters",
        "audit_requests",
    ):
        guard_moves(table)


def _trigger(table: str, call: str, *, name: str = "guard", event: str = "UPDATE") -> None:
    run(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
        f" WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.{call}"
    )


def _secure_events() -> None:
    secure(
        "challenge_events",
        reads=READS,
        creates=f"{RUNS} AND status = 'planned' AND record IS NULL",
        changes=f"{RUNS} OR {SPEAKS}",
        columns="(title, held_on, record, status, updated_at)",
    )
    _trigger("challenge_events", "guard_challenge_event()")
    planned = f"{RUNS} AND " + IN_EVENT.format("'planned'")
    secure("challenge_pairings", reads=READS, creates=planned, deletes=planned)
    secure(
        "challenge_exchanges",
        reads=f"{READS} AND ({RUNS} OR {CHAIRS} OR challenger_agency_id = {OWN}"
        f" OR challenged_agency_id = {OWN} OR event_id IN (SELECT id FROM challenge_events"
        " WHERE status IN ('record_agreed', 'closed')))",
        creates=f"{WRITES} AND (challenger_agency_id = {OWN} OR {RUNS})"
        " AND num_nonnulls(reply, grade_after, commitment, action_id) = 0 AND "
        + IN_EVENT.format("'pack_issued', 'held', 'record_draft'"),
        changes=f"{WRITES} AND (challenged_agency_id = {OWN} OR {RUNS} OR {SPEAKS})",
        columns="(reply, commitment, commitment_due_on, grade_after, action_id, updated_at)",
    )
    _trigger("challenge_exchanges", "grade_exchange()", name="grade", event="INSERT")
    _trigger("challenge_exchanges", "guard_exchange()")


def _secure_challenges() -> None:
    secure(
        "challenges",
        reads=f"{READS} AND (from_agency_id = {OWN} OR to_agency_id = {OWN} OR {SEES_ALL}"
        " OR status = 'closed')",
        creates=f"{WRITES} AND status = 'raised'"
        " AND num_nonnulls(reply, replied_on, outcome, outcome_reasons) = 0"
        f" AND CASE WHEN from_agency_id IS NULL THEN {SPEAKS} ELSE from_agency_id = {OWN} END",
        changes=f"{WRITES} AND (from_agency_id = {OWN} OR to_agency_id = {OWN} OR {SPEAKS})",
        columns="(reply, outcome, outcome_reasons, status, updated_at)",
    )
    _trigger("challenges", "guard_challenge()")
    _trigger("challenges", "date_moves('replied', 'replied_on')", name="date_moves")
    secure(
        "commendations",
        reads=f"{READS} AND (status = 'published' OR drafted_by_id = {ME} OR {SPEAKS}"
        f" OR status = 'agreed' AND agency_id = {OWN})",
        creates=f"{WRITES} AND status = 'draft' AND drafted_by_id = {ME} AND published_on IS NULL"
        f" AND (agency_id IS NULL OR agency_id IS DISTINCT FROM {OWN})",
        changes=f"{WRITES} AND ({SPEAKS} OR drafted_by_id = {ME})",
        columns="(title, text, source_title, status, updated_at)",
    )
    _trigger(
        "commendations",
        "keep_wording('draft', 'status', 'published_on', 'updated_at')",
        name="keep_wording",
    )
    _trigger("commendations", "date_moves('published', 'published_on')", name="date_moves")


def _secure_feedback() -> None:
    secure(
        "feedback_items",
        reads=f"{READS} AND (published_on IS NOT NULL OR {RUNS} OR {SPEAKS} OR agency_id = {OWN})",
        creates=f"{WRITES} AND status = 'received' AND (agency_id = {OWN} OR {RUNS})"
        " AND num_nonnulls(you_said, we_did, published_on) = 0",
        changes=RUNS,
        columns="(recommendation_id, action_id, you_said, we_did, status, updated_at)",
    )
    _trigger("feedback_items", "date_moves('published', 'published_on')", name="date_moves")
    secure(
        "feedback_letters",
        reads=f"{READS} AND ({RUNS} OR {SPEAKS} OR agency_id = {OWN} AND status <> 'draft')",
        creates=f"{RUNS} AND status = 'draft' AND num_nonnulls(issued_on, acknowledged_on) = 0",
        changes=f"{RUNS} OR {WRITES} AND agency_id = {OWN}",
        columns="(message, status, updated_at)",
    )
    _trigger("feedback_letters", "guard_own_moves('issued acknowledged')")
    _trigger(
        "feedback_letters",
        "keep_wording('draft', 'status', 'issued_on', 'acknowledged_on', 'updated_at')",
        name="keep_wording",
    )
    _trigger(
        "feedback_letters",
        "date_moves('issued', 'issued_on', 'acknowledged', 'acknowledged_on')",
        name="date_moves",
    )


def _secure_requests() -> None:
    secure(
        "audit_requests",
        reads=f"{READS} AND (agency_id = {OWN} OR {SEES_ALL})",
        creates=f"{RUNS} AND status = 'requested'"
        " AND num_nonnulls(findings, action_plan, implemented_by) = 0",
        changes=f"{RUNS} OR {WRITES} AND agency_id = {OWN}",
        columns="(findings, action_plan, implemented_by, status, updated_at)",
    )
    _trigger("audit_requests", "guard_audit_request()")
    _trigger(
        "audit_requests",
        "guard_own_moves('requested accepted', 'requested declined', 'accepted reported')",
        name="guard_own",
    )


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject IN ('challenge_events', 'challenges',"
        " 'commendations', 'feedback_items', 'feedback_letters', 'audit_requests');"
        "DROP TABLE audit_requests, feedback_letters, feedback_items, commendations, challenges,"
        " challenge_exchanges, challenge_pairings, challenge_events;"
        "DROP POLICY looks_up ON answers;"
        "REVOKE SELECT (audit_id, agency_id, question_id, grade, moderated_grade) ON answers"
        " FROM safeguarding_policy;"
        "DROP FUNCTION actor.grade_of_return, " + ", ".join(f"actor.{name}" for name in FUNCTIONS)
    )
