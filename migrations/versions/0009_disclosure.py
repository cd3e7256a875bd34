"""Disclosure of identities: undertakings, grants that another person approves, and look-ups.

`actor.spend` is the only way to use a grant: it counts the use and writes the log in one statement.
`actor.opened` is what the vault shows for: the people somebody was logged for within a minute.
"""

from migrations.support import RECORD, let_policy_read, one_of, rescanned, run, secure, sees_case

revision = "0009"
down_revision = "0008"

STATES = "requested approved refused revoked reviewed".split()
BLIND_KINDS = "nhs_number upn surname_and_date_of_birth".split()

TABLES = f"""
CREATE TABLE undertakings (
    {RECORD},
    user_id uuid NOT NULL REFERENCES principals,
    version text NOT NULL,
    valid_to date NOT NULL DEFAULT current_date + 365
);
CREATE INDEX undertakings_user_id_idx ON undertakings (user_id);

CREATE TABLE disclosure_grants (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    person_ids uuid[] NOT NULL,
    fields text[] NOT NULL,
    gateway text NOT NULL,
    purpose text NOT NULL,
    necessity text NOT NULL,
    proportionality text NOT NULL,
    hours integer NOT NULL CHECK (hours BETWEEN 1 AND 720),
    uses_allowed integer NOT NULL CHECK (uses_allowed BETWEEN 1 AND 1000),
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    status varchar(64) NOT NULL DEFAULT 'requested' {one_of("status", STATES)},
    is_emergency boolean NOT NULL DEFAULT false,
    requested_by_id uuid NOT NULL REFERENCES principals,
    approved_by_id uuid REFERENCES principals,
    starts_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    reviewed_by_id uuid REFERENCES principals,
    reviewed_at timestamptz,
    review_due_on date,
    CONSTRAINT disclosure_grants_two_people_check
        CHECK (approved_by_id <> requested_by_id AND reviewed_by_id <> requested_by_id),
    CONSTRAINT disclosure_grants_people_check CHECK (cardinality(person_ids) BETWEEN 1 AND 100),
    CONSTRAINT disclosure_grants_fields_check CHECK (cardinality(fields) BETWEEN 1 AND 20)
);
CREATE INDEX disclosure_grants_case_id_idx ON disclosure_grants (case_id, id);
CREATE INDEX disclosure_grants_requested_by_id_idx ON disclosure_grants (requested_by_id, id);
CREATE INDEX disclosure_grants_approved_by_id_idx ON disclosure_grants (approved_by_id);
CREATE INDEX disclosure_grants_reviewed_by_id_idx ON disclosure_grants (reviewed_by_id);

CREATE TABLE person_lookups (
    {RECORD},
    requested_by_id uuid NOT NULL REFERENCES principals,
    kind varchar(64) NOT NULL {one_of("kind", BLIND_KINDS)},
    gateway text NOT NULL,
    purpose text NOT NULL
);
CREATE INDEX person_lookups_requested_by_id_idx ON person_lookups (requested_by_id);
"""

GUARDS = """
-- A grant is what was asked for: the approver says yes or no, in the own name, and nothing else.
CREATE FUNCTION actor.guard_disclosure_grant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.uses_left := NEW.uses_allowed;
        IF EXISTS (SELECT FROM unnest(NEW.person_ids) AS id WHERE id NOT IN (
                SELECT p.id FROM public.persons p
                WHERE p.case_id = NEW.case_id AND NOT p.is_erased)) THEN
            RAISE EXCEPTION 'Somebody is none of the case.' USING ERRCODE = '23503';
        END IF;
        IF NEW.is_emergency THEN
            NEW.status := 'approved';
            NEW.hours := 4;
            NEW.uses_allowed := least(NEW.uses_allowed, 20);
            NEW.uses_left := NEW.uses_allowed;
            NEW.starts_at := now();
            NEW.expires_at := now() + interval '4 hours';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.purpose, NEW.necessity, NEW.proportionality)
        IS DISTINCT FROM (OLD.purpose, OLD.necessity, OLD.proportionality)
        AND NOT actor.can('vault:open') THEN
        RAISE EXCEPTION 'What was asked does not change.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF OLD.status = 'requested' AND NEW.status IN ('approved', 'refused') THEN
        IF NOT actor.can('disclosure-grants:approve') OR OLD.requested_by_id = actor.id()
            OR coalesce(NEW.approved_by_id, actor.id()) <> actor.id() THEN
            RAISE EXCEPTION 'Only another person, in the own name.' USING ERRCODE = '42501';
        END IF;
        NEW.approved_by_id := actor.id();
        IF NEW.status = 'approved' THEN
            NEW.starts_at := now();
            NEW.expires_at := now() + make_interval(hours => OLD.hours);
        END IF;
    ELSIF OLD.status IN ('requested', 'approved') AND NEW.status = 'revoked' THEN
        NEW.revoked_at := now();
    ELSIF OLD.status IN ('approved', 'revoked') AND NEW.status = 'reviewed' THEN
        IF NOT actor.can('disclosure-grants:approve') OR OLD.requested_by_id = actor.id() THEN
            RAISE EXCEPTION 'Only another person reviews.' USING ERRCODE = '42501';
        END IF;
        NEW.reviewed_by_id := actor.id();
        NEW.reviewed_at := now();
    ELSE
        RAISE EXCEPTION 'A grant does not move there.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_disclosure_grant TO safeguarding_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON disclosure_grants FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_disclosure_grant();
"""

FUNCTIONS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Uses a grant once for some people of one record, and logs it: both or neither. Errors: SG452
-- without a second factor shown within ten minutes, SG453 without an undertaking, SG451 where the
-- grant is of somebody else, not approved, ended, used up, of other people, or of a case that the
-- actor may not see any more.
CREATE FUNCTION actor.spend(
    grant_id uuid, persons uuid[], operation text, record_id uuid,
    OUT log_id uuid, OUT disclosed uuid[], OUT fields text[]
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    me uuid := actor.id();
    stepped_up timestamptz := (actor.context())[7]::timestamptz;
    used public.disclosure_grants;
BEGIN
    IF stepped_up IS NULL OR stepped_up < clock_timestamp() - interval '10 minutes' THEN
        RAISE EXCEPTION 'The second factor is not fresh.' USING ERRCODE = 'SG452';
    END IF;
    IF NOT EXISTS (SELECT FROM public.undertakings u
                   WHERE u.user_id = me AND u.valid_to >= current_date) THEN
        RAISE EXCEPTION 'There is no undertaking.' USING ERRCODE = 'SG453';
    END IF;
    UPDATE public.disclosure_grants g SET uses_left = g.uses_left - 1
    WHERE g.id = grant_id AND g.requested_by_id = me AND g.status = 'approved' AND g.uses_left > 0
        AND g.starts_at <= clock_timestamp() AND g.expires_at > clock_timestamp()
        AND g.person_ids && persons
        AND (actor.can('cases:all') OR g.case_id = ANY (actor.cases()))
    RETURNING g.* INTO used;
    IF used.id IS NULL THEN
        RAISE EXCEPTION 'The grant discloses nothing here.' USING ERRCODE = 'SG451';
    END IF;
    disclosed := ARRAY(SELECT unnest(used.person_ids) INTERSECT SELECT unnest(persons));
    fields := used.fields;
    log_id := actor.log(
        CASE WHEN used.is_emergency THEN 'emergency_disclosure' ELSE 'identity_read' END,
        operation, used.case_id, record_id, used.id, disclosed, fields, NULL);
END $$;

-- The people whose identity the actor was logged for within the last minute.
CREATE FUNCTION actor.opened() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT person), '{}')
    FROM public.access_log l, unnest(l.person_ids) AS person
    WHERE l.actor_id = (SELECT actor.id())
        AND l.act IN ('identity_read', 'emergency_disclosure', 'subject_export')
        AND l.occurred_at > clock_timestamp() - interval '1 minute'
$$;

-- Which people the actor may know of have this keyed hash; logged whatever comes of it. Twenty in
-- an hour, then SG429.
CREATE FUNCTION actor.look_up(lookup_id uuid, kind text, macs bytea[])
RETURNS TABLE (person_id uuid, case_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found_people uuid[];
BEGIN
    IF NOT actor.can('person-lookups:write') THEN
        RAISE EXCEPTION 'Only who may look up.' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(actor.id()::text, 7));
    IF (SELECT count(*) FROM public.access_log l WHERE l.actor_id = actor.id()
            AND l.act = 'person_lookup'
            AND l.occurred_at > clock_timestamp() - interval '1 hour') >= 20 THEN
        RAISE EXCEPTION 'Too many look-ups.' USING ERRCODE = 'SG429';
    END IF;
    found_people := ARRAY(
        SELECT DISTINCT b.person_id FROM public.blind_indexes b
        WHERE b.kind = look_up.kind AND b.mac = ANY (macs)
            AND (actor.can('cases:all') OR b.case_id = ANY (actor.cases())));
    PERFORM actor.log('person_lookup', 'create_person_lookup', NULL, lookup_id, NULL,
        found_people, ARRAY[kind], cardinality(found_people) > 0);
    RETURN QUERY SELECT p.id, p.case_id FROM public.persons p WHERE p.id = ANY (found_people);
END $$;

-- Whom to tell of an emergency: everybody who approves grants, but not whoever caused it.
CREATE FUNCTION actor.approver_addresses() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT u.email), '{}')
    FROM public.users u JOIN public.principals p ON p.id = u.id AND p.is_active
    JOIN public.role_assignments a ON a.user_id = u.id AND a.valid_from <= current_date
        AND coalesce(a.valid_to, 'infinity') >= current_date
    JOIN public.roles r ON r.code = a.role
    WHERE 'disclosure-grants:approve' = ANY (r.capabilities)
        AND (SELECT actor.can('disclosure-grants:emergency')) AND u.id <> (SELECT actor.id())
$$;
REVOKE EXECUTE ON FUNCTION actor.spend, actor.opened, actor.look_up, actor.approver_addresses
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.spend, actor.look_up, actor.approver_addresses
    TO safeguarding_app;
GRANT EXECUTE ON FUNCTION actor.opened TO safeguarding_vault;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;

GRANT UPDATE (uses_left, updated_at) ON disclosure_grants TO safeguarding_policy;
CREATE POLICY spends ON disclosure_grants FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY discloses ON identities FOR SELECT TO safeguarding_vault
    USING (person_id = ANY ((SELECT actor.opened())::uuid[]));
"""

TELLS = """
DROP POLICY creates ON mail;
CREATE POLICY creates ON mail FOR INSERT TO safeguarding_app WITH CHECK (
    (SELECT actor.can('jobs:run')) OR (SELECT actor.can('users:write'))
    OR (SELECT actor.can('users:authenticate')) OR (SELECT actor.can('audits:write')){});
"""
EMERGENCY = " OR (SELECT actor.can('disclosure-grants:emergency'))"

ME = "(SELECT actor.id())"
ALL = "(SELECT actor.can('disclosure-grants:all'))"
APPROVES = "(SELECT actor.can('disclosure-grants:approve'))"


def upgrade() -> None:
    run(TABLES)
    let_policy_read("undertakings", "(user_id, valid_to)")
    let_policy_read("disclosure_grants")
    let_policy_read("blind_indexes", "(case_id, person_id, kind, mac)")
    let_policy_read("persons", "(id, case_id)")
    let_policy_read("users", "(id, email)")
    run(FUNCTIONS)
    secure(
        "undertakings",
        reads=f"CASE WHEN {ALL} THEN true ELSE user_id = {ME} END",
        creates=f"user_id = {ME}",
    )
    secure(
        "disclosure_grants",
        reads=f"CASE WHEN {ALL} THEN true ELSE requested_by_id = {ME} END",
        creates="(SELECT actor.can('disclosure-grants:write'))"
        f" AND requested_by_id = {ME} AND approved_by_id IS NULL AND reviewed_by_id IS NULL"
        f" AND {sees_case()} AND CASE WHEN is_emergency"
        " THEN (SELECT actor.can('disclosure-grants:emergency'))"
        " ELSE status = 'requested' AND starts_at IS NULL AND expires_at IS NULL END",
        changes=f"{APPROVES} OR requested_by_id = {ME}",
        columns="(status, approved_by_id, updated_at)",
    )
    secure(
        "person_lookups",
        reads=f"CASE WHEN {ALL} THEN true ELSE requested_by_id = {ME} END",
        creates=f"(SELECT actor.can('person-lookups:write')) AND requested_by_id = {ME}",
    )
    rescanned("disclosure_grants", "(purpose, necessity, proportionality, updated_at)")
    run(GUARDS)
    run(TELLS.format(EMERGENCY))


def downgrade() -> None:
    run(TELLS.format(""))
    run(
        "DROP POLICY discloses ON identities;"
        "DROP FUNCTION actor.spend, actor.opened, actor.look_up, actor.approver_addresses;"
        "DROP TABLE person_lookups, disclosure_grants, undertakings;"
        "DROP FUNCTION actor.guard_disclosure_grant;"
        "DROP POLICY looks_up ON blind_indexes; DROP POLICY looks_up ON persons;"
        "DROP POLICY looks_up ON users;"
        "REVOKE SELECT (case_id, person_id, kind, mac) ON blind_indexes FROM safeguarding_policy;"
        "REVOKE SELECT (id, case_id) ON persons FROM safeguarding_policy;"
        "REVOKE SELECT (id, email) ON users FROM safeguarding_policy"
    )
