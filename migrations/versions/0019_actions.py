"""SMART actions, their progress and evidence, and the checks of their impact.

Framework sections 21 to 23.
"""

from migrations.support import RECORD, guard_moves, one_of, run, secure, works_on_case

revision = "0019"
down_revision = "0018"

DELIVERY = (
    "management_briefing practitioner_briefing single_agency_briefing individual_support training"
    " policy_change process_change other"
).split()
ACTION = (
    "draft agreed in_progress blocked completion_claimed rejected_back verified impact_pending"
    " closed_embedded closed_not_embedded cancelled"
).split()
SUBJECTS = "actions recommendations briefings".split()
METHODS = "maca survey indicator sampling observation child_feedback".split()
CHECK = "scheduled in_progress concluded cancelled".split()
RESULTS = "embedded partly_embedded not_embedded too_early not_measurable".split()

TABLES = f"""
CREATE TABLE actions (
    {RECORD},
    recommendation_id uuid REFERENCES recommendations,
    finding_id uuid REFERENCES findings,
    source_subject text,
    source_record_id uuid,
    parent_id uuid REFERENCES actions,
    source_case_id uuid REFERENCES cases,
    is_released boolean NOT NULL DEFAULT false,
    agency_id uuid NOT NULL REFERENCES agencies,
    title text NOT NULL,
    specific text,
    measurable text,
    achievable text,
    relevant text,
    due_on date,
    first_due_on date,
    owner_id uuid REFERENCES principals,
    deputy_id uuid REFERENCES principals,
    delivery_type varchar(64) NOT NULL DEFAULT 'other' {one_of("delivery_type", DELIVERY)},
    percent smallint NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    forecast_on date,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", ACTION)},
    agreed_on date,
    claimed_by_id uuid REFERENCES principals,
    claimed_on date,
    verified_by_id uuid REFERENCES principals,
    verified_on date,
    closed_on date,
    CONSTRAINT actions_source_check CHECK (
        num_nonnulls(recommendation_id, finding_id, source_record_id) = 1
        AND (source_subject IS NULL) = (source_record_id IS NULL)),
    CONSTRAINT actions_smart_check CHECK (agreed_on IS NULL OR num_nulls(specific, measurable,
        achievable, relevant, due_on, first_due_on, owner_id, deputy_id) = 0),
    CONSTRAINT actions_agreed_check CHECK (status IN ('draft', 'cancelled')
        OR agreed_on IS NOT NULL),
    CONSTRAINT actions_deputy_check CHECK (deputy_id <> owner_id),
    CONSTRAINT actions_two_people_check CHECK (verified_by_id <> claimed_by_id)
);
CREATE INDEX actions_recommendation_id_idx ON actions (recommendation_id);
CREATE INDEX actions_finding_id_idx ON actions (finding_id);
CREATE INDEX actions_source_record_id_idx ON actions (source_record_id);
CREATE INDEX actions_parent_id_idx ON actions (parent_id);
CREATE INDEX actions_source_case_id_idx ON actions (source_case_id);
CREATE INDEX actions_agency_id_idx ON actions (agency_id, id);
CREATE INDEX actions_owner_id_idx ON actions (owner_id);
CREATE INDEX actions_deputy_id_idx ON actions (deputy_id);
CREATE INDEX actions_claimed_by_id_idx ON actions (claimed_by_id);
CREATE INDEX actions_verified_by_id_idx ON actions (verified_by_id);

CREATE TABLE action_updates (
    {RECORD},
    action_id uuid NOT NULL REFERENCES actions,
    agency_id uuid NOT NULL REFERENCES agencies,
    text text NOT NULL,
    percent smallint CHECK (percent BETWEEN 0 AND 100),
    forecast_on date,
    written_by_id uuid NOT NULL REFERENCES principals
);
CREATE INDEX action_updates_action_id_idx ON action_updates (action_id, id);
CREATE INDEX action_updates_agency_id_idx ON action_updates (agency_id);
CREATE INDEX action_updates_written_by_id_idx ON action_updates (written_by_id);

CREATE TABLE action_due_changes (
    {RECORD},
    action_id uuid NOT NULL REFERENCES actions,
    from_due_on date NOT NULL,
    to_due_on date NOT NULL,
    decision_id uuid NOT NULL REFERENCES decisions,
    reason text NOT NULL,
    changed_by_id uuid NOT NULL REFERENCES principals,
    CONSTRAINT action_due_changes_decision_id_key UNIQUE (decision_id),
    CONSTRAINT action_due_changes_days_check CHECK (to_due_on <> from_due_on)
);
CREATE INDEX action_due_changes_action_id_idx ON action_due_changes (action_id, id);
CREATE INDEX action_due_changes_changed_by_id_idx ON action_due_changes (changed_by_id);

CREATE TABLE action_evidence (
    {RECORD},
    action_id uuid NOT NULL REFERENCES actions,
    agency_id uuid NOT NULL REFERENCES agencies,
    title text NOT NULL,
    url text,
    evidence_id uuid REFERENCES evidence,
    note text,
    added_by_id uuid NOT NULL REFERENCES principals,
    CONSTRAINT action_evidence_source_check CHECK (num_nonnulls(url, evidence_id) = 1)
);
CREATE INDEX action_evidence_action_id_idx ON action_evidence (action_id, id);
CREATE INDEX action_evidence_agency_id_idx ON action_evidence (agency_id);
CREATE INDEX action_evidence_evidence_id_idx ON action_evidence (evidence_id);
CREATE INDEX action_evidence_added_by_id_idx ON action_evidence (added_by_id);

CREATE TABLE impact_checks (
    {RECORD},
    subject varchar(64) NOT NULL {one_of("subject", SUBJECTS)},
    record_id uuid NOT NULL,
    agency_id uuid REFERENCES agencies,
    body_id uuid NOT NULL REFERENCES bodies,
    method varchar(64) NOT NULL {one_of("method", METHODS)},
    scheduled_on date NOT NULL,
    follows_id uuid REFERENCES impact_checks,
    status varchar(64) NOT NULL DEFAULT 'scheduled' {one_of("status", CHECK)},
    result varchar(64) {one_of("result", RESULTS)},
    text text,
    source_kind text,
    source_id uuid,
    source_title text,
    concluded_on date,
    concluded_by_id uuid REFERENCES principals,
    CONSTRAINT impact_checks_found_check CHECK (
        status <> 'concluded' OR num_nulls(result, text, concluded_on, concluded_by_id) = 0),
    CONSTRAINT impact_checks_source_check CHECK (
        source_kind IS NOT NULL OR num_nonnulls(source_id, source_title) = 0)
);
CREATE INDEX impact_checks_record_id_idx ON impact_checks (record_id, subject);
CREATE INDEX impact_checks_agency_id_idx ON impact_checks (agency_id);
CREATE INDEX impact_checks_body_id_idx ON impact_checks (body_id);
CREATE INDEX impact_checks_follows_id_idx ON impact_checks (follows_id);
CREATE INDEX impact_checks_concluded_by_id_idx ON impact_checks (concluded_by_id);
"""

# What only the database can tell: of whom a person is, and what a released source sets free.
LOOKUPS = """
GRANT SELECT (id, recommendation_id, finding_id, is_released), UPDATE (is_released, updated_at)
    ON actions TO safeguarding_policy;
CREATE POLICY releases_reads ON actions FOR SELECT TO safeguarding_policy USING (true);
GRANT SELECT (id, source_case_id, is_released) ON recommendations, findings
    TO safeguarding_policy;
CREATE POLICY releases ON actions FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY source_of_actions ON recommendations FOR SELECT TO safeguarding_policy USING (true);
CREATE POLICY source_of_actions ON findings FOR SELECT TO safeguarding_policy USING (true);
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Whether both are active people of one agency; who is not named yet is.
CREATE FUNCTION actor.are_of_agency(people uuid[], agency uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT NOT EXISTS (
        SELECT FROM unnest(people) AS named (id) WHERE named.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.principals p WHERE p.id = named.id AND p.kind = 'person'
                AND p.is_active AND p.agency_id = are_of_agency.agency))
$$;
-- An action comes from the case of its source, and is as free to be read as that.
CREATE FUNCTION actor.take_action_source() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    SELECT s.source_case_id, s.is_released INTO NEW.source_case_id, NEW.is_released FROM (
        SELECT source_case_id, is_released FROM public.recommendations
            WHERE id = NEW.recommendation_id
        UNION ALL SELECT source_case_id, is_released FROM public.findings
            WHERE id = NEW.finding_id) s;
    NEW.is_released := coalesce(NEW.is_released, false);
    RETURN NEW;
END $$;
CREATE FUNCTION actor.release_actions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public.actions SET is_released = NEW.is_released
    WHERE NEW.id IN (recommendation_id, finding_id) AND is_released <> NEW.is_released;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION actor.are_of_agency, actor.take_action_source,
    actor.release_actions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.are_of_agency, actor.take_action_source,
    actor.release_actions TO safeguarding_app, safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
CREATE TRIGGER release_actions AFTER UPDATE ON recommendations FOR EACH ROW
    WHEN (NEW.is_released <> OLD.is_released) EXECUTE FUNCTION actor.release_actions();
CREATE TRIGGER release_actions AFTER UPDATE ON findings FOR EACH ROW
    WHEN (NEW.is_released <> OLD.is_released) EXECUTE FUNCTION actor.release_actions();
"""

GUARDS = """
CREATE TRIGGER take_source BEFORE INSERT ON actions FOR EACH ROW
    EXECUTE FUNCTION actor.take_action_source();

-- What was agreed stays as it was agreed; only the owner agency says how it goes on.
CREATE FUNCTION actor.guard_action() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    is_own boolean := NEW.agency_id IS NOT DISTINCT FROM actor.agency_id()
        AND actor.can('actions:write');
    edits boolean := is_own OR actor.can('learning:run');
BEGIN
    IF TG_OP = 'UPDATE' AND (
        (NOT edits OR OLD.status <> 'draft')
            AND (NEW.title, NEW.specific, NEW.measurable, NEW.achievable, NEW.relevant,
                NEW.delivery_type) IS DISTINCT FROM (OLD.title, OLD.specific, OLD.measurable,
                OLD.achievable, OLD.relevant, OLD.delivery_type)
        OR (NOT edits OR OLD.closed_on IS NOT NULL)
            AND (NEW.owner_id, NEW.deputy_id) IS DISTINCT FROM (OLD.owner_id, OLD.deputy_id)
        OR NOT is_own
            AND (NEW.percent, NEW.forecast_on) IS DISTINCT FROM (OLD.percent, OLD.forecast_on)
        OR NEW.due_on IS DISTINCT FROM OLD.due_on AND NOT (edits AND OLD.status = 'draft')
            AND NOT EXISTS (SELECT FROM public.action_due_changes c WHERE c.action_id = NEW.id
                AND c.from_due_on = OLD.due_on AND c.to_due_on = NEW.due_on
                AND c.created_at = now())
    ) THEN
        RAISE EXCEPTION 'What was agreed stays, and progress is the agency''s to report.'
            USING ERRCODE = '42501';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.parent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.actions p WHERE p.id = NEW.parent_id AND p.agency_id = NEW.agency_id
            AND p.status = 'closed_not_embedded') THEN
        RAISE EXCEPTION 'Only what did not embed goes on.' USING ERRCODE = '42501';
    END IF;
    IF (TG_OP = 'INSERT' OR (NEW.owner_id, NEW.deputy_id) IS DISTINCT FROM
        (OLD.owner_id, OLD.deputy_id))
        AND NOT actor.are_of_agency(ARRAY[NEW.owner_id, NEW.deputy_id], NEW.agency_id) THEN
        RAISE EXCEPTION 'Owner and deputy are people of the agency.'
            USING ERRCODE = '23503', CONSTRAINT = 'actions_owner_agency_check';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_action BEFORE INSERT OR UPDATE ON actions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_action();

-- The moves that are more than a state: agreed by the Board, claimed by the owner, verified by
-- somebody else, closed by a check. The database writes who and when.
CREATE FUNCTION actor.guard_action_move() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Europe/London')::date;
    is_own boolean := NEW.agency_id IS NOT DISTINCT FROM actor.agency_id();
    holds boolean;
BEGIN
    holds := CASE
        WHEN NEW.status IN ('agreed', 'cancelled') THEN EXISTS (
            SELECT FROM public.decisions d JOIN public.bodies b ON b.id = d.body_id
            WHERE d.record_id = NEW.id AND d.subject = 'actions' AND d.outcome = 'agreed'
                AND b.kind = 'board')
        WHEN NEW.status IN ('in_progress', 'blocked') THEN
            is_own OR actor.can('learning:run')
        WHEN NEW.status = 'completion_claimed' THEN
            is_own AND EXISTS (SELECT FROM public.action_evidence e WHERE e.action_id = NEW.id)
        WHEN NEW.status IN ('verified', 'rejected_back') THEN
            NOT is_own AND OLD.claimed_by_id IS DISTINCT FROM actor.id()
        WHEN NEW.status = 'closed_embedded' THEN NOT is_own AND EXISTS (
            SELECT FROM public.impact_checks c WHERE c.subject = 'actions'
                AND c.record_id = NEW.id AND c.status = 'concluded' AND c.result = 'embedded')
            AND NOT EXISTS (SELECT FROM public.impact_checks c WHERE c.subject = 'actions'
                AND c.record_id = NEW.id AND c.status IN ('scheduled', 'in_progress'))
        WHEN NEW.status = 'closed_not_embedded' THEN NOT is_own AND EXISTS (
            SELECT FROM public.impact_checks c WHERE c.subject = 'actions'
                AND c.record_id = NEW.id AND c.status = 'concluded'
                AND c.result = 'not_embedded')
        ELSE NOT is_own END;
    IF NOT holds THEN
        RAISE EXCEPTION 'Not this move by this actor.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'agreed' THEN
        IF NEW.due_on <= today THEN
            RAISE EXCEPTION 'It is due after today.'
                USING ERRCODE = '23514', CONSTRAINT = 'actions_due_check';
        END IF;
        NEW.agreed_on := today;
        NEW.first_due_on := NEW.due_on;
    ELSIF NEW.status = 'completion_claimed' THEN
        NEW.claimed_by_id := actor.id();
        NEW.claimed_on := today;
    ELSIF NEW.status = 'verified' THEN
        NEW.verified_by_id := actor.id();
        NEW.verified_on := today;
    ELSIF NEW.status IN ('closed_embedded', 'closed_not_embedded', 'cancelled') THEN
        NEW.closed_on := today;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_action_move BEFORE UPDATE OF status ON actions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app' AND NEW.status IS DISTINCT FROM OLD.status)
    EXECUTE FUNCTION actor.guard_action_move();

-- A check takes over whose agency is checked, which neither begins nor concludes it.
CREATE FUNCTION actor.guard_impact_check() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT a.agency_id INTO NEW.agency_id FROM (
            SELECT agency_id FROM public.actions
                WHERE NEW.subject = 'actions' AND id = NEW.record_id
            UNION ALL SELECT agency_id FROM public.recommendations
                WHERE NEW.subject = 'recommendations' AND id = NEW.record_id) a;
        RETURN NEW;
    END IF;
    IF NEW.agency_id = actor.agency_id() OR OLD.status IN ('concluded', 'cancelled')
        OR OLD.status = 'scheduled'
            AND (NEW.result, NEW.text) IS DISTINCT FROM (OLD.result, OLD.text)
    THEN
        RAISE EXCEPTION 'Nobody checks the own agency, and what was concluded stays.'
            USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'concluded' THEN
        NEW.concluded_on := (now() AT TIME ZONE 'Europe/London')::date;
        NEW.concluded_by_id := actor.id();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_impact_check BEFORE INSERT OR UPDATE ON impact_checks FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_impact_check();
"""

# The moves are for who sees the record; of individual support, for its agency and the Business
# Office, because a reason may say whose support it is.
MOVES = """
CREATE POLICY reads_of_actions ON transitions FOR SELECT TO safeguarding_app
    USING (subject = 'actions' AND ({0}));
CREATE POLICY only_of_actions ON transitions AS RESTRICTIVE FOR SELECT TO safeguarding_app
    USING (subject <> 'actions' OR ({0}));
CREATE POLICY reads_of_checks ON transitions FOR SELECT TO safeguarding_app
    USING (subject = 'impact_checks' AND ({1}));
CREATE POLICY only_of_checks ON transitions AS RESTRICTIVE FOR SELECT TO safeguarding_app
    USING (subject <> 'impact_checks' OR ({1}));
"""

OWN = "(SELECT actor.agency_id())"
ME = "(SELECT actor.id())"
READS = "(SELECT actor.can('learning:read'))"
RUNS = "(SELECT actor.can('learning:run'))"
WRITES = f"(SELECT actor.can('actions:write')) AND agency_id = {OWN}"
VERIFIES = "(SELECT actor.can('actions:verify'))"
CHECKS = "(SELECT actor.can('impact-checks:write'))"
FRESH = (
    "status = 'draft' AND percent = 0 AND num_nonnulls(first_due_on, forecast_on, agreed_on,"
    " claimed_by_id, claimed_on, verified_by_id, verified_on, closed_on) = 0"
)
SEEN = (
    "(recommendation_id IS NULL"
    " OR EXISTS (SELECT FROM recommendations r WHERE r.id = actions.recommendation_id))"
    " AND (finding_id IS NULL OR EXISTS (SELECT FROM findings f WHERE f.id = actions.finding_id))"
)
"""An action names only what its author sees."""


def upgrade() -> None:
    run(TABLES)
    run(LOOKUPS)
    run(GUARDS)
    _secure_actions()
    _secure_word_of_agency("action_updates", "written_by_id")
    _secure_word_of_agency("action_evidence", "added_by_id")
    _secure_due_changes()
    _secure_checks()
    guard_moves("actions")
    guard_moves("impact_checks")


def _secure_actions() -> None:
    secure(
        "actions",
        reads=f"{READS} AND (agreed_on IS NOT NULL OR {RUNS} OR agency_id = {OWN})"
        f" AND CASE WHEN source_case_id IS NULL OR is_released OR agency_id = {OWN} THEN true"
        f" ELSE {works_on_case('source_case_id')} END",
        creates=f"{FRESH} AND ({RUNS} AND {SEEN} OR {WRITES} AND {SEEN}"
        " OR source_record_id IS NOT NULL AND (SELECT actor.can('challenges:write'))"
        f" AND {VERIFIES}"
        f" OR {CHECKS} AND parent_id IS NOT NULL)",
        changes=f"{RUNS} OR {WRITES} OR {VERIFIES} OR {CHECKS}",
        columns="(title, specific, measurable, achievable, relevant, due_on, owner_id, deputy_id,"
        " delivery_type, percent, forecast_on, status, updated_at)",
    )


def _secure_word_of_agency(table: str, author: str) -> None:
    secure(
        table,
        reads="EXISTS (SELECT FROM actions a WHERE a.id = action_id)",
        creates=f"{WRITES} AND {author} = {ME} AND EXISTS (SELECT FROM actions a"
        f" WHERE a.id = action_id AND a.agency_id = {table}.agency_id"
        " AND a.status IN ('agreed', 'in_progress', 'blocked', 'rejected_back'))"
        + (
            " AND (evidence_id IS NULL OR EXISTS (SELECT FROM evidence e WHERE e.id = evidence_id"
            " AND e.agency_id = action_evidence.agency_id))"
            if table == "action_evidence"
            else ""
        ),
    )


def _secure_due_changes() -> None:
    secure(
        "action_due_changes",
        reads="EXISTS (SELECT FROM actions a WHERE a.id = action_id)",
        creates=f"{RUNS} AND changed_by_id = {ME}"
        " AND EXISTS (SELECT FROM actions a WHERE a.id = action_id AND a.due_on = from_due_on"
        " AND a.status IN ('agreed', 'in_progress', 'blocked', 'rejected_back'))"
        " AND EXISTS (SELECT FROM decisions d JOIN bodies b ON b.id = d.body_id"
        " WHERE d.id = decision_id AND d.subject = 'actions' AND d.record_id = action_id"
        " AND d.outcome = 'agreed' AND b.kind IN ('board', 'sub_group', 'panel'))",
    )


def _secure_checks() -> None:
    of_record = (
        "subject = 'briefings'"
        " OR subject = 'actions' AND EXISTS (SELECT FROM actions a"
        " WHERE a.id = impact_checks.record_id) OR subject = 'recommendations'"
        " AND EXISTS (SELECT FROM recommendations r WHERE r.id = impact_checks.record_id)"
    )
    # Whoever verifies an action has its checks made.
    secure(
        "impact_checks",
        reads=f"{READS} AND ({of_record})",
        creates=f"({CHECKS} OR {VERIFIES}) AND status = 'scheduled' AND ({of_record})"
        " AND num_nonnulls(result, text, concluded_on, concluded_by_id) = 0",
        changes=f"{CHECKS} AND ({of_record})",
        columns="(body_id, method, scheduled_on, status, result, text, source_kind, source_id,"
        " source_title, updated_at)",
    )
    action = (
        "EXISTS (SELECT FROM actions a WHERE a.id = transitions.record_id AND (a.delivery_type <>"
        f" 'individual_support' OR a.agency_id = {OWN} OR {RUNS} OR actor_id = {ME}))"
    )
    check = "EXISTS (SELECT FROM impact_checks c WHERE c.id = transitions.record_id)"
    run(MOVES.format(action, check))


def downgrade() -> None:
    run(
        "DROP POLICY reads_of_actions ON transitions; DROP POLICY only_of_actions ON transitions;"
        "DROP POLICY reads_of_checks ON transitions; DROP POLICY only_of_checks ON transitions;"
        "DELETE FROM transitions WHERE subject IN ('actions', 'impact_checks');"
        "DROP TRIGGER release_actions ON recommendations;"
        "DROP TRIGGER release_actions ON findings;"
        "DROP POLICY source_of_actions ON recommendations;"
        "DROP POLICY source_of_actions ON findings;"
        "DROP TABLE impact_checks, action_evidence, action_due_changes, action_updates, actions;"
        "DROP FUNCTION actor.are_of_agency, actor.release_actions, actor.take_action_source,"
        " actor.guard_action, actor.guard_action_move, actor.guard_impact_check"
    )
