"""The timetable: what is owed to the Board or by it, by which rule, and what was sent about it.

Framework section 23. An obligation is owed by an agency or by a body; rules and the course of
other records make obligations, and the clock moves them.
"""

from migrations.support import RECORD, guard_moves, let_policy_read, one_of, run, secure

revision = "0016"
down_revision = "0015"

STATES = (
    "upcoming due_soon due overdue_1 overdue_2 escalated_subgroup escalated_chair"
    " met met_late waived cancelled"
).split()
FUNCTIONS_OF_LEADS = (
    "section_11 section_175 maca data training inspection cdop safeguarding".split()
)
COUNTED = ["anchor", "last_met"]
OUTCOMES = "sent skipped nobody".split()
LADDER = "smallint[] NOT NULL DEFAULT '{1,10,20}'"
REMINDERS = "smallint[] NOT NULL DEFAULT '{30,14,7}'"

TABLES = f"""
CREATE TABLE schedule_rules (
    {RECORD},
    code text NOT NULL CONSTRAINT schedule_rules_code_key UNIQUE,
    title text NOT NULL,
    section text NOT NULL,
    sectors text[] NOT NULL DEFAULT '{{}}',
    duty_bases text[] NOT NULL DEFAULT '{{}}',
    agency_ids uuid[] NOT NULL DEFAULT '{{}}',
    body_id uuid REFERENCES bodies,
    in_charge_id uuid NOT NULL REFERENCES bodies,
    every_months smallint CHECK (every_months BETWEEN 1 AND 60),
    counted_from varchar(64) NOT NULL DEFAULT 'anchor' {one_of("counted_from", COUNTED)},
    anchor_on date NOT NULL,
    opens_before_days smallint NOT NULL DEFAULT 60 CHECK (opens_before_days BETWEEN 0 AND 365),
    grace_days smallint NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 365),
    function varchar(64) NOT NULL DEFAULT 'safeguarding' {one_of("function", FUNCTIONS_OF_LEADS)},
    reminder_days {REMINDERS},
    escalation_days {LADDER},
    is_active boolean NOT NULL DEFAULT true,
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    generated_on date,
    CONSTRAINT schedule_rules_owner_check CHECK (body_id IS NULL
        OR cardinality(sectors) + cardinality(duty_bases) + cardinality(agency_ids) = 0),
    CONSTRAINT schedule_rules_ladder_check CHECK (cardinality(escalation_days) = 3
        AND 0 < escalation_days[1] AND escalation_days[1] < escalation_days[2]
        AND escalation_days[2] < escalation_days[3] AND escalation_days[3] <= 60),
    CONSTRAINT schedule_rules_reminders_check CHECK (cardinality(reminder_days) <= 10
        AND 1 <= ALL (reminder_days) AND 365 >= ALL (reminder_days)),
    CONSTRAINT schedule_rules_validity_check CHECK (valid_to >= valid_from)
);
CREATE INDEX schedule_rules_body_id_idx ON schedule_rules (body_id);
CREATE INDEX schedule_rules_in_charge_id_idx ON schedule_rules (in_charge_id);

CREATE TABLE obligations (
    {RECORD},
    rule_id uuid REFERENCES schedule_rules,
    kind text NOT NULL,
    title text NOT NULL,
    period text NOT NULL DEFAULT '',
    agency_id uuid REFERENCES agencies,
    body_id uuid REFERENCES bodies,
    in_charge_id uuid REFERENCES bodies,
    function varchar(64) NOT NULL DEFAULT 'safeguarding' {one_of("function", FUNCTIONS_OF_LEADS)},
    reminder_days {REMINDERS},
    escalation_days {LADDER},
    subject text,
    record_id uuid,
    source_case_id uuid REFERENCES cases,
    opens_on date NOT NULL,
    due_on date NOT NULL,
    locks_on date NOT NULL,
    met_on date,
    met_subject text,
    met_record_id uuid,
    note text,
    next_on date,
    status varchar(64) NOT NULL DEFAULT 'upcoming' {one_of("status", STATES)},
    CONSTRAINT obligations_owner_check CHECK ((agency_id IS NULL) <> (body_id IS NULL)),
    CONSTRAINT obligations_days_check CHECK (opens_on <= due_on AND due_on <= locks_on),
    CONSTRAINT obligations_met_check CHECK ((status IN ('met', 'met_late')) = (met_on IS NOT NULL)),
    CONSTRAINT obligations_subject_check CHECK ((subject IS NULL) = (record_id IS NULL)),
    CONSTRAINT obligations_met_by_check CHECK ((met_subject IS NULL) = (met_record_id IS NULL))
);
CREATE UNIQUE INDEX obligations_rule_key
    ON obligations (rule_id, agency_id, body_id, period) NULLS NOT DISTINCT
    WHERE rule_id IS NOT NULL;
CREATE UNIQUE INDEX obligations_owed_key
    ON obligations (kind, record_id, agency_id, body_id, period) NULLS NOT DISTINCT
    WHERE rule_id IS NULL AND status <> 'cancelled';
CREATE INDEX obligations_agency_id_idx ON obligations (agency_id, due_on, id);
CREATE INDEX obligations_body_id_idx ON obligations (body_id, due_on, id);
CREATE INDEX obligations_rule_id_idx ON obligations (rule_id);
CREATE INDEX obligations_in_charge_id_idx ON obligations (in_charge_id);
CREATE INDEX obligations_source_case_id_idx ON obligations (source_case_id);
CREATE INDEX obligations_record_id_idx ON obligations (record_id);
CREATE INDEX obligations_due_on_idx ON obligations (due_on, id);
CREATE INDEX obligations_next_on_idx ON obligations (next_on) WHERE next_on IS NOT NULL;

CREATE TABLE obligation_notices (
    {RECORD},
    obligation_id uuid NOT NULL REFERENCES obligations,
    step varchar(64) NOT NULL,
    outcome varchar(64) NOT NULL {one_of("outcome", OUTCOMES)},
    planned_on date NOT NULL,
    recorded_on date NOT NULL,
    recipients text[] NOT NULL DEFAULT '{{}}',
    CONSTRAINT obligation_notices_step_key UNIQUE (obligation_id, step)
);

CREATE TABLE calendar_feeds (
    {RECORD},
    made_by_id uuid NOT NULL REFERENCES principals,
    agency_id uuid REFERENCES agencies,
    body_id uuid REFERENCES bodies,
    token_hash bytea NOT NULL,
    CONSTRAINT calendar_feeds_owner_check CHECK ((agency_id IS NULL) <> (body_id IS NULL))
);
CREATE INDEX calendar_feeds_made_by_id_idx ON calendar_feeds (made_by_id);
CREATE INDEX calendar_feeds_agency_id_idx ON calendar_feeds (agency_id);
CREATE INDEX calendar_feeds_body_id_idx ON calendar_feeds (body_id);
"""

# What happens to other records makes obligations and meets them, whoever it is that acts: the
# first two functions check what they are given, and not who asks.
FUNCTIONS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE FUNCTION actor.owe(
    kind text, title text, period text, agency_id uuid, body text, subject text, record_id uuid,
    source_case_id uuid, opens_on date, due_on date, locks_on date
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    owner_body uuid;
    opens constant date := least(owe.due_on,
        coalesce(owe.opens_on, (now() AT TIME ZONE 'Europe/London')::date));
BEGIN
    IF actor.id() IS NULL OR owe.record_id IS NULL OR owe.kind !~ '^[a-z][a-z0-9_]{0,63}$'
        OR owe.subject !~ '^[a-z][a-z0-9_]{0,62}$' OR length(owe.title) NOT BETWEEN 1 AND 400 THEN
        RAISE EXCEPTION 'Nobody owes this.' USING ERRCODE = '42501';
    END IF;
    IF owe.body IS NOT NULL THEN
        SELECT b.id INTO STRICT owner_body FROM public.bodies b WHERE b.code = owe.body;
    END IF;
    INSERT INTO public.obligations
        (kind, title, period, agency_id, body_id, subject, record_id, source_case_id,
         opens_on, due_on, locks_on, next_on)
    VALUES (owe.kind, owe.title, owe.period, owe.agency_id, owner_body, owe.subject,
        owe.record_id, owe.source_case_id, opens, owe.due_on,
        coalesce(owe.locks_on, owe.due_on), opens)
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION actor.settle_obligation(
    kind text, record_id uuid, agency_id uuid, met_on date, to_state text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF actor.id() IS NULL OR to_state NOT IN ('met', 'cancelled') THEN
        RAISE EXCEPTION 'Nobody settles this.' USING ERRCODE = '42501';
    END IF;
    WITH before AS (
        SELECT o.id, o.status FROM public.obligations o
        WHERE o.kind = settle_obligation.kind AND o.record_id = settle_obligation.record_id
            AND (settle_obligation.agency_id IS NULL
                OR o.agency_id = settle_obligation.agency_id)
            AND o.status NOT IN ('met', 'met_late', 'waived', 'cancelled')
        FOR UPDATE
    ), settled AS (
        UPDATE public.obligations o SET
            status = CASE WHEN to_state = 'met' AND settle_obligation.met_on > o.locks_on
                THEN 'met_late' ELSE to_state END,
            met_on = CASE WHEN to_state = 'met' THEN settle_obligation.met_on END
        FROM before WHERE before.id = o.id
        RETURNING o.id, o.agency_id, before.status AS from_state, o.status AS to_state
    )
    INSERT INTO public.transitions (subject, record_id, agency_id, from_state, to_state, actor_id)
    SELECT 'obligations', s.id, s.agency_id, s.from_state, s.to_state, actor.id() FROM settled s;
END $$;

-- Where the clock writes to: addresses of who chairs a body or holds a role on a day. An agency's
-- leads are looked up by the clock itself.
CREATE FUNCTION actor.office_addresses(day date)
RETURNS TABLE (office text, of_id uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT m.position, m.body_id, u.email
    FROM public.memberships m JOIN public.users u ON u.id = m.user_id
    JOIN public.principals p ON p.id = u.id AND p.is_active
    WHERE m.status = 'active' AND m.position IN ('chair', 'vice_chair')
        AND m.valid_from <= day AND coalesce(m.valid_to, 'infinity') >= day
        AND (SELECT actor.can('jobs:run'))
    UNION
    SELECT 'role:' || held.role,
        CASE WHEN held.role IN ('agency_senior', 'school_governor') THEN p.agency_id END, u.email
    FROM public.users u JOIN public.principals p ON p.id = u.id AND p.is_active
    CROSS JOIN LATERAL actor.roles_of(u.id, day) AS held (role)
    WHERE held.role IN ('chair', 'bo_manager', 'agency_senior', 'school_governor')
        AND (SELECT actor.can('jobs:run'))
$$;

-- How much was due in a period (its last day excluded) and delivered on time, by owner, for every
-- partner alike. What comes from a case is left out: a count that differs from the list would
-- tell that there is one.
CREATE FUNCTION actor.on_time_rates(first_on date, before_on date)
RETURNS TABLE (agency_id uuid, body_id uuid, met bigint, met_late bigint, open_late bigint,
    waived bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT o.agency_id, o.body_id,
        count(*) FILTER (WHERE o.status = 'met'),
        count(*) FILTER (WHERE o.status = 'met_late'),
        count(*) FILTER (WHERE o.status IN
            ('overdue_1', 'overdue_2', 'escalated_subgroup', 'escalated_chair')
            OR o.status IN ('upcoming', 'due_soon', 'due')
            AND o.locks_on < (now() AT TIME ZONE 'Europe/London')::date),
        count(*) FILTER (WHERE o.status = 'waived')
    FROM public.obligations o
    WHERE o.due_on >= first_on AND o.due_on < before_on AND o.status <> 'cancelled'
        AND o.source_case_id IS NULL
        AND (SELECT actor.can('timetable:read'))
    GROUP BY o.agency_id, o.body_id
$$;

-- What a calendar shows whose secret this is; no row where it is nobody's, or was made by somebody
-- who may not read the timetable any more. Nothing that comes from a case.
CREATE FUNCTION actor.calendar_entries(feed uuid, hash bytea)
RETURNS TABLE (id uuid, title text, opens_on date, due_on date, status text,
    updated_at timestamptz, changes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT o.id, o.title, o.opens_on, o.due_on, o.status, o.updated_at,
        (SELECT count(*) FROM public.transitions t WHERE t.record_id = o.id)
    FROM public.calendar_feeds f
    JOIN public.principals p ON p.id = f.made_by_id AND p.is_active
        AND (f.agency_id IS NULL OR p.agency_id IS NULL OR p.agency_id = f.agency_id)
        AND NOT EXISTS (
            SELECT FROM public.agency_suspensions s WHERE s.agency_id = p.agency_id)
        AND (EXISTS (SELECT FROM actor.roles_of(p.id) AS held (role)
                     JOIN public.roles r ON r.code = held.role
                     WHERE 'timetable:read' = ANY (r.capabilities))
            OR EXISTS (SELECT FROM public.clients c
                       WHERE c.id = p.id AND 'timetable:read' = ANY (c.scopes)))
    LEFT JOIN public.obligations o ON o.source_case_id IS NULL
        AND (o.agency_id = f.agency_id OR o.body_id = f.body_id)
    WHERE f.id = feed AND f.token_hash = hash
    ORDER BY o.due_on, o.id
$$;
REVOKE EXECUTE ON FUNCTION actor.owe, actor.settle_obligation, actor.office_addresses,
    actor.on_time_rates, actor.calendar_entries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.owe, actor.settle_obligation, actor.office_addresses,
    actor.on_time_rates, actor.calendar_entries TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;

GRANT INSERT ON obligations, transitions TO safeguarding_policy;
GRANT UPDATE (status, met_on, updated_at) ON obligations TO safeguarding_policy;
CREATE POLICY owes ON obligations FOR INSERT TO safeguarding_policy WITH CHECK (true);
CREATE POLICY settles ON obligations FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY records ON transitions FOR INSERT TO safeguarding_policy WITH CHECK (true);
"""

GUARD = """
-- Keeps what follows from a state, and who may say what: an agency delivers today and nothing else,
-- and only the Board or the body in charge lets anybody off.
CREATE FUNCTION actor.guard_obligation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    closed constant text[] := ARRAY['met', 'met_late', 'waived', 'cancelled'];
    today constant date := (now() AT TIME ZONE 'Europe/London')::date;
BEGIN
    IF NEW.status NOT IN ('met', 'met_late') THEN
        NEW.met_on := NULL;
    END IF;
    IF NEW.status = ANY (closed) THEN
        NEW.next_on := NULL;
    ELSIF OLD.status = ANY (closed) THEN
        NEW.next_on := today;
    END IF;
    IF current_user <> 'safeguarding_app' THEN
        RETURN NEW;
    END IF;
    IF NOT actor.can('timetable:write') AND NEW.met_on IS DISTINCT FROM today THEN
        RAISE EXCEPTION 'An agency delivers today.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'waived' AND NOT EXISTS (
        SELECT FROM public.decisions d JOIN public.bodies b ON b.id = d.body_id
        WHERE d.subject = 'obligations' AND d.record_id = NEW.id AND d.outcome = 'agreed'
            AND (b.code = 'board' OR b.id = NEW.in_charge_id)
    ) THEN
        RAISE EXCEPTION 'Not agreed.'
            USING ERRCODE = '23514', CONSTRAINT = 'obligations_waiver_check';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_obligation TO safeguarding_app, safeguarding_policy;
CREATE TRIGGER guard BEFORE UPDATE OF status, met_on ON obligations FOR EACH ROW
    EXECUTE FUNCTION actor.guard_obligation();
"""

ME = "(SELECT actor.id())"
OWN = "(SELECT actor.agency_id())"
READS = "(SELECT actor.can('timetable:read'))"
WRITES = "(SELECT actor.can('timetable:write'))"
RUNS = "(SELECT actor.can('jobs:run'))"
SEEN = (
    f"{READS} AND (source_case_id IS NULL OR CASE WHEN (SELECT actor.can('cases:all')) THEN true"
    f" WHEN {RUNS} THEN true ELSE source_case_id = ANY ((SELECT actor.team_cases())::uuid[])"
    f" OR agency_id = {OWN} END)"
)


def upgrade() -> None:
    run(TABLES)
    let_policy_read("obligations")
    let_policy_read("calendar_feeds")
    let_policy_read("transitions", "(record_id)")
    run(FUNCTIONS)
    run(GUARD)
    secure(
        "schedule_rules",
        reads=READS,
        creates=f"{WRITES} AND generated_on IS NULL",
        changes=WRITES,
        columns="(title, section, sectors, duty_bases, agency_ids, in_charge_id, every_months,"
        " anchor_on, opens_before_days, grace_days, function, reminder_days, escalation_days,"
        " is_active, valid_to, generated_on, updated_at)",
    )
    secure(
        "obligations",
        reads=SEEN,
        creates=f"{WRITES} AND status = 'upcoming'",
        changes=f"{WRITES} OR (SELECT actor.can('obligations:write')) AND agency_id = {OWN}",
        deletes=f"{WRITES} AND rule_id IS NOT NULL AND status = 'upcoming'"
        " AND opens_on > (now() AT TIME ZONE 'Europe/London')::date",
        columns="(status, next_on, met_on, met_subject, met_record_id, note, updated_at)",
    )
    guard_moves("obligations")
    secure(
        "obligation_notices",
        reads=f"{READS} AND obligation_id IN (SELECT id FROM obligations)",
        creates=RUNS,
    )
    secure(
        "calendar_feeds",
        reads=f"made_by_id = {ME}",
        creates=f"{READS} AND made_by_id = {ME} AND (agency_id IS NULL OR agency_id = {OWN}"
        f" OR {WRITES})",
        deletes=f"made_by_id = {ME}",
        readable="(id, created_at, updated_at, made_by_id, agency_id, body_id)",
    )


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject = 'obligations';"
        "DROP TABLE calendar_feeds, obligation_notices, obligations, schedule_rules;"
        "DROP POLICY records ON transitions; DROP POLICY looks_up ON transitions;"
        "REVOKE INSERT ON transitions FROM safeguarding_policy;"
        "REVOKE SELECT (record_id) ON transitions FROM safeguarding_policy;"
        "DROP FUNCTION actor.owe, actor.settle_obligation, actor.office_addresses,"
        " actor.on_time_rates, actor.calendar_entries, actor.guard_obligation"
    )
