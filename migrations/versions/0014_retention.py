"""Retention of cases, legal holds, destruction by two people, rotation of keys, subject exports.

What destroys identities is one function, `actor.destroy_identities`, which only the service
`keeper` reaches, as the role of the vault. It looks again at everything that was approved.
Framework section 7.
"""

from migrations.support import (
    RECORD,
    let_policy_read,
    one_of,
    rescanned,
    run,
    secure,
    works_on_case,
)

revision = "0014"
down_revision = "0013"

CLASSES = "case_review_papers multi_agency_case_audit_identities child_death_register".split()
CIRCUMSTANCES = "child_sexual_abuse looked_after_child".split()
STARTS = "closure birth death".split()
OVERRIDE_STATES = "proposed approved withdrawn".split()
HOLD_STATES = "active released".split()
HOLD_REASONS = (
    "iicsa_moratorium other_public_inquiry police_investigation coroner civil_claim"
    " dsar_in_progress complaint court_order"
).split()
GROUNDS = "period_over erasure_right court_order".split()
DESTRUCTION_STATES = ("proposed approved refused withdrawn awaiting_key_rotation complete").split()
CAPACITIES = "data_protection office".split()
EXPORT_STATES = "prepared reviewed released withdrawn".split()
DECISIONS = "pending release withhold".split()
ACTS = (
    "identity_read emergency_disclosure subject_export person_lookup identity_recorded"
    " identifier_kept narratives_rescanned publication_checked identities_destroyed log_export"
).split()
NEW_ACTS = "keys_rotated key_destroyed".split()

TABLES = f"""
CREATE TABLE case_retentions (
    {RECORD},
    case_id uuid NOT NULL CONSTRAINT case_retentions_case_key UNIQUE REFERENCES cases,
    record_class varchar(64) NOT NULL DEFAULT 'case_review_papers'
        {one_of("record_class", CLASSES)},
    circumstances text[] NOT NULL DEFAULT '{{}}'
        CHECK (circumstances <@ '{{{",".join(CIRCUMSTANCES)}}}'),
    classified_by_id uuid REFERENCES principals,
    rules text[] NOT NULL DEFAULT '{{}}',
    review_on date[] NOT NULL DEFAULT '{{}}',
    dispose_on date,
    basis text NOT NULL DEFAULT ''
);
CREATE INDEX case_retentions_classified_by_id_idx ON case_retentions (classified_by_id);
INSERT INTO case_retentions (case_id) SELECT id FROM cases;

CREATE TABLE retention_extensions (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    until_on date NOT NULL,
    reason text NOT NULL,
    decided_by_id uuid NOT NULL REFERENCES principals
);
CREATE INDEX retention_extensions_case_id_idx ON retention_extensions (case_id, id);
CREATE INDEX retention_extensions_decided_by_id_idx ON retention_extensions (decided_by_id);

CREATE TABLE retention_overrides (
    {RECORD},
    record_class varchar(64) NOT NULL {one_of("record_class", CLASSES)},
    area_id uuid NOT NULL REFERENCES areas,
    years integer NOT NULL CHECK (years BETWEEN 0 AND 200),
    months integer NOT NULL CHECK (months BETWEEN 0 AND 11),
    starts_from varchar(64) NOT NULL {one_of("starts_from", STARTS)},
    review_at_years integer[] NOT NULL DEFAULT '{{}}',
    reason text NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'proposed' {one_of("status", OVERRIDE_STATES)},
    proposed_by_id uuid NOT NULL REFERENCES principals,
    approved_by_id uuid REFERENCES principals,
    CONSTRAINT retention_overrides_two_people_check CHECK (approved_by_id <> proposed_by_id),
    CONSTRAINT retention_overrides_period_check CHECK (years + months > 0),
    CONSTRAINT retention_overrides_reviews_check
        CHECK (0 < ALL (review_at_years) AND years > ALL (review_at_years))
);
CREATE UNIQUE INDEX retention_overrides_current_key ON retention_overrides (area_id, record_class)
    WHERE status = 'approved';
CREATE INDEX retention_overrides_area_id_idx ON retention_overrides (area_id);
CREATE INDEX retention_overrides_proposed_by_id_idx ON retention_overrides (proposed_by_id);
CREATE INDEX retention_overrides_approved_by_id_idx ON retention_overrides (approved_by_id);

CREATE TABLE legal_holds (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    hold_reason varchar(64) NOT NULL {one_of("hold_reason", HOLD_REASONS)},
    narrative text NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'active' {one_of("status", HOLD_STATES)},
    placed_by_id uuid NOT NULL REFERENCES principals,
    released_by_id uuid REFERENCES principals,
    released_at timestamptz,
    CONSTRAINT legal_holds_released_check
        CHECK ((status = 'released') = (released_by_id IS NOT NULL)
            AND (status = 'released') = (released_at IS NOT NULL))
);
CREATE INDEX legal_holds_case_id_idx ON legal_holds (case_id, status);
CREATE INDEX legal_holds_placed_by_id_idx ON legal_holds (placed_by_id);
CREATE INDEX legal_holds_released_by_id_idx ON legal_holds (released_by_id);

CREATE TABLE destructions (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    ground varchar(64) NOT NULL {one_of("ground", GROUNDS)},
    reasons text NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'proposed' {one_of("status", DESTRUCTION_STATES)},
    proposed_by_id uuid NOT NULL REFERENCES principals,
    approved_at timestamptz,
    keys_deleted_at timestamptz,
    key_version integer,
    identities_count integer,
    look_up_hashes_count integer,
    masked_texts_count integer,
    revoked_grants_count integer,
    completed_at timestamptz,
    completion_entry_id uuid,
    completion_seq bigint,
    completion_head bytea,
    CONSTRAINT destructions_id_case_key UNIQUE (id, case_id),
    CONSTRAINT destructions_deleted_check
        CHECK ((status IN ('awaiting_key_rotation', 'complete'))
            = (num_nonnulls(keys_deleted_at, key_version) = 2)),
    CONSTRAINT destructions_complete_check
        CHECK ((status = 'complete') = (completed_at IS NOT NULL))
);
CREATE UNIQUE INDEX destructions_open_key ON destructions (case_id)
    WHERE status NOT IN ('refused', 'withdrawn');
CREATE INDEX destructions_case_id_idx ON destructions (case_id, id);
CREATE INDEX destructions_proposed_by_id_idx ON destructions (proposed_by_id);

CREATE TABLE destruction_approvals (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    destruction_id uuid NOT NULL,
    capacity varchar(64) NOT NULL {one_of("capacity", CAPACITIES)},
    approved_by_id uuid NOT NULL REFERENCES principals,
    FOREIGN KEY (destruction_id, case_id) REFERENCES destructions (id, case_id),
    CONSTRAINT destruction_approvals_capacity_key UNIQUE (destruction_id, capacity),
    CONSTRAINT destruction_approvals_person_key UNIQUE (destruction_id, approved_by_id)
);
CREATE INDEX destruction_approvals_case_id_idx ON destruction_approvals (case_id);
CREATE INDEX destruction_approvals_approved_by_id_idx ON destruction_approvals (approved_by_id);

CREATE TABLE subject_exports (
    {RECORD},
    person_ids uuid[] NOT NULL CHECK (cardinality(person_ids) BETWEEN 1 AND 20),
    gateway text NOT NULL,
    purpose text NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'prepared' {one_of("status", EXPORT_STATES)},
    requested_by_id uuid NOT NULL REFERENCES principals,
    reviewed_by_id uuid REFERENCES principals,
    reviewed_at timestamptz,
    released_at timestamptz,
    expires_at timestamptz,
    downloaded_at timestamptz,
    CONSTRAINT subject_exports_two_people_check CHECK (reviewed_by_id <> requested_by_id)
);
CREATE INDEX subject_exports_requested_by_id_idx ON subject_exports (requested_by_id, id);
CREATE INDEX subject_exports_reviewed_by_id_idx ON subject_exports (reviewed_by_id);

CREATE TABLE subject_export_passages (
    {RECORD},
    subject_export_id uuid NOT NULL REFERENCES subject_exports,
    case_id uuid NOT NULL REFERENCES cases,
    subject text NOT NULL,
    record_id uuid NOT NULL,
    member text NOT NULL,
    digest bytea NOT NULL,
    mentions_others boolean NOT NULL,
    decision varchar(64) NOT NULL DEFAULT 'pending' {one_of("decision", DECISIONS)},
    decided_by_id uuid REFERENCES principals,
    CONSTRAINT subject_export_passages_place_key UNIQUE (subject_export_id, record_id, member)
);
CREATE INDEX subject_export_passages_case_id_idx ON subject_export_passages (case_id);
CREATE INDEX subject_export_passages_decided_by_id_idx ON subject_export_passages (decided_by_id);

ALTER TABLE key_versions ADD retired_at timestamptz, ADD rewrapped_count integer,
    ADD CONSTRAINT key_versions_retired_check CHECK (destroyed_at IS NULL OR retired_at <= now());
ALTER TABLE access_log DROP CONSTRAINT access_log_act_check,
    ADD CONSTRAINT access_log_act_check {one_of("act", ACTS + NEW_ACTS)};
"""

TODAY = "(now() AT TIME ZONE 'Europe/London')::date"

GUARDS = f"""
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Every case has its retention from the first day on; its class is confirmed by a person later.
CREATE FUNCTION actor.retain_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.case_retentions (case_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

-- Refuses to destroy who the people of a case are. Errors: SG461 while it is held, SG460 where it
-- was done, SG462 where the case is open, not classified, or its period not over.
CREATE FUNCTION actor.refuse_destruction(case_id uuid, ground text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.legal_holds h
               WHERE h.case_id = refuse_destruction.case_id AND h.status = 'active') THEN
        RAISE EXCEPTION 'The case is held.' USING ERRCODE = 'SG461';
    END IF;
    IF EXISTS (SELECT FROM public.cases c WHERE c.id = refuse_destruction.case_id
               AND c.identities_destroyed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'It was done.' USING ERRCODE = 'SG460';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.cases c JOIN public.case_retentions r ON r.case_id = c.id
        WHERE c.id = refuse_destruction.case_id AND c.closed_on <= {TODAY}
            AND r.classified_by_id IS NOT NULL AND (ground <> 'period_over'
                OR r.dispose_on <= {TODAY} AND NOT EXISTS (
                    SELECT FROM public.retention_extensions e
                    WHERE e.case_id = c.id AND e.until_on > {TODAY}))) THEN
        RAISE EXCEPTION 'Its time has not come.' USING ERRCODE = 'SG462';
    END IF;
END $$;

-- What is proposed stays as it was; the application only ends it before it is carried out.
CREATE FUNCTION actor.guard_destruction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    rest constant text[] := ARRAY['status', 'reasons', 'updated_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM actor.refuse_destruction(NEW.case_id, NEW.ground);
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - rest IS DISTINCT FROM to_jsonb(OLD) - rest
        OR NEW.reasons <> OLD.reasons AND NOT actor.can('vault:open') THEN
        RAISE EXCEPTION 'What was proposed does not change.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status NOT IN ('proposed', 'approved')
        OR NOT CASE NEW.status WHEN 'withdrawn' THEN actor.can('retention:write')
            WHEN 'refused' THEN actor.can('retention:approve')
                OR actor.can('retention:approve-as-dpo')
            ELSE false END) THEN
        RAISE EXCEPTION 'A destruction does not move there.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- Two people approve, each in a capacity of their own, and neither is who proposed it.
CREATE FUNCTION actor.guard_destruction_approval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    proposed public.destructions;
BEGIN
    SELECT * INTO proposed FROM public.destructions d WHERE d.id = NEW.destruction_id FOR UPDATE;
    IF proposed.status IS DISTINCT FROM 'proposed' OR proposed.proposed_by_id = actor.id()
        OR NEW.approved_by_id IS DISTINCT FROM actor.id() THEN
        RAISE EXCEPTION 'Only others approve, in the own name.' USING ERRCODE = '42501';
    END IF;
    PERFORM actor.refuse_destruction(proposed.case_id, proposed.ground);
    RETURN NEW;
END $$;

CREATE FUNCTION actor.count_destruction_approvals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public.destructions d SET status = 'approved', approved_at = now()
    WHERE d.id = NEW.destruction_id AND d.status = 'proposed'
        AND (SELECT count(DISTINCT a.capacity) = 2 AND count(DISTINCT a.approved_by_id) = 2
             FROM public.destruction_approvals a WHERE a.destruction_id = d.id);
    RETURN NULL;
END $$;

-- Nothing of who people are comes to a case again. The lock makes a destruction wait, or us.
CREATE FUNCTION actor.refuse_destroyed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.cases c WHERE c.id = NEW.case_id AND c.identities_destroyed_at IS NULL
        FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Identities of this case were destroyed.' USING ERRCODE = CASE
            WHEN EXISTS (SELECT FROM public.cases c WHERE c.id = NEW.case_id) THEN 'SG460'
            ELSE '23503' END;
    END IF;
    RETURN NEW;
END $$;

-- While keys are rotated nothing is written under them; whoever waited looks again which hold.
CREATE FUNCTION actor.wait_for_rotation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('key_rotation'), 0);
    RETURN NULL;
END $$;

CREATE FUNCTION actor.refuse_retired_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.key_versions v
               WHERE v.number = NEW.key_version AND v.retired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'This version of the key is retired.' USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_retention_override() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status = 'approved' AND OLD.status = 'proposed' THEN
        IF OLD.proposed_by_id = actor.id() OR NOT (actor.can('retention:approve')
                OR actor.can('retention:approve-as-dpo')) THEN
            RAISE EXCEPTION 'Only another person approves.' USING ERRCODE = '42501';
        END IF;
        NEW.approved_by_id := actor.id();
    ELSIF NOT (NEW.status = 'withdrawn' AND OLD.status IN ('proposed', 'approved')) THEN
        RAISE EXCEPTION 'An override does not move there.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_legal_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.narrative <> OLD.narrative AND NOT actor.can('vault:open') THEN
        RAISE EXCEPTION 'What was said stays.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status <> OLD.status THEN
        IF OLD.status <> 'active' OR NOT actor.can('retention:write') THEN
            RAISE EXCEPTION 'A hold does not move there.' USING ERRCODE = '42501';
        END IF;
        NEW.released_by_id := actor.id();
        NEW.released_at := now();
    END IF;
    RETURN NEW;
END $$;

-- Another person than who asked decides on every passage, and then on the whole.
CREATE FUNCTION actor.guard_subject_export() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NEW.status = 'reviewed' AND OLD.status = 'prepared' THEN
        IF OLD.requested_by_id = actor.id() OR NOT actor.can('cases:all') THEN
            RAISE EXCEPTION 'Only another person reviews.' USING ERRCODE = '42501';
        END IF;
        IF EXISTS (SELECT FROM public.subject_export_passages p
                   WHERE p.subject_export_id = NEW.id AND p.decision = 'pending') THEN
            RAISE EXCEPTION 'Passages wait for a decision.' USING ERRCODE = '23514',
                CONSTRAINT = 'subject_exports_passages_check';
        END IF;
        NEW.reviewed_by_id := actor.id();
        NEW.reviewed_at := now();
    ELSIF NEW.status = 'released' AND OLD.status = 'reviewed' THEN
        NEW.released_at := now();
        NEW.expires_at := now() + interval '7 days';
    ELSIF NOT (NEW.status = 'withdrawn' AND OLD.status <> 'withdrawn') THEN
        RAISE EXCEPTION 'An export does not move there.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_subject_export_passage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.subject_exports e WHERE e.id = NEW.subject_export_id
        AND e.status = 'prepared' AND e.requested_by_id <> actor.id() FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Only another person decides, before the review.' USING ERRCODE = '42501';
    END IF;
    NEW.decided_by_id := actor.id();
    RETURN NEW;
END $$;
"""

ACTS_OF_THE_KEEPER = """
-- Destroys who the people of a case are, if that is approved and nothing stands against it now:
-- the key of the case, identities, hashes for look-ups and masked texts; grants end. Returns
-- whether it did; false where it was done before or is not approved. Errors: as
-- `refuse_destruction`, 42501 for all but the keeper.
CREATE FUNCTION actor.destroy_identities(destruction_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    d public.destructions;
    people uuid[];
    texts int; hashes int; identities int; grants int; version int;
BEGIN
    IF NOT actor.can('identities:destroy') THEN
        RAISE EXCEPTION 'Only the keeper destroys.' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('key_rotation'), 0);
    SELECT * INTO d FROM public.destructions t WHERE t.id = destruction_id FOR UPDATE;
    IF d.status IS DISTINCT FROM 'approved' THEN
        RETURN false;
    END IF;
    -- Waits for a hold, or a person, that somebody is just recording.
    PERFORM FROM public.cases c WHERE c.id = d.case_id FOR UPDATE;
    PERFORM actor.refuse_destruction(d.case_id, d.ground);
    people := ARRAY(SELECT p.id FROM public.persons p WHERE p.case_id = d.case_id
                    ORDER BY p.number LIMIT 1000);
    DELETE FROM public.masked_texts t WHERE t.case_id = d.case_id;
    GET DIAGNOSTICS texts = ROW_COUNT;
    DELETE FROM public.blind_indexes t WHERE t.case_id = d.case_id;
    GET DIAGNOSTICS hashes = ROW_COUNT;
    DELETE FROM public.identities t WHERE t.case_id = d.case_id;
    GET DIAGNOSTICS identities = ROW_COUNT;
    DELETE FROM public.case_keys t WHERE t.case_id = d.case_id RETURNING t.key_version INTO version;
    UPDATE public.disclosure_grants g SET status = 'revoked', revoked_at = now()
    WHERE g.case_id = d.case_id AND g.status IN ('requested', 'approved');
    GET DIAGNOSTICS grants = ROW_COUNT;
    UPDATE public.persons p SET is_erased = true WHERE p.case_id = d.case_id;
    UPDATE public.cases c SET identities_destroyed_at = now(),
        people_version = c.people_version + 1 WHERE c.id = d.case_id;
    UPDATE public.destructions t SET status = 'awaiting_key_rotation', keys_deleted_at = now(),
        key_version = coalesce(version, (SELECT max(v.number) FROM public.key_versions v)),
        identities_count = identities, look_up_hashes_count = hashes,
        masked_texts_count = texts, revoked_grants_count = grants
    WHERE t.id = d.id;
    PERFORM actor.log('identities_destroyed', 'destroy_identities', d.case_id, d.id, NULL, people,
        NULL, NULL);
    RETURN true;
END $$;

-- Notes that the keeper of keys has destroyed a version. What waited for it is complete, and says
-- under which head of the access log.
CREATE FUNCTION actor.key_destroyed(number int) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    version uuid;
    entry uuid;
    complete int;
BEGIN
    IF NOT actor.can('vault:rotate') THEN
        RAISE EXCEPTION 'Only the keeper rotates.' USING ERRCODE = '42501';
    END IF;
    UPDATE public.key_versions v SET destroyed_at = now()
    WHERE v.number = key_destroyed.number AND v.retired_at IS NOT NULL AND v.destroyed_at IS NULL
    RETURNING v.id INTO version;
    IF version IS NULL THEN
        RETURN 0;
    END IF;
    entry := actor.log('key_destroyed', 'rotate_keys', NULL, version, NULL, NULL, NULL, NULL);
    UPDATE public.destructions d SET status = 'complete', completed_at = now(),
        completion_entry_id = entry,
        completion_seq = (SELECT l.seq FROM public.access_log l WHERE l.id = entry),
        completion_head = (SELECT h.head FROM public.access_log_heads h
                           ORDER BY h.number DESC LIMIT 1)
    WHERE d.status = 'awaiting_key_rotation' AND NOT EXISTS (
        SELECT FROM public.key_versions v
        WHERE v.number <= d.key_version AND v.destroyed_at IS NULL);
    GET DIAGNOSTICS complete = ROW_COUNT;
    RETURN complete;
END $$;

-- Logs a rotation: the version that wraps now.
CREATE FUNCTION actor.keys_rotated(version_id uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT actor.can('vault:rotate') THEN
        RAISE EXCEPTION 'Only the keeper rotates.' USING ERRCODE = '42501';
    END IF;
    RETURN actor.log('keys_rotated', 'rotate_keys', NULL, version_id, NULL, NULL, NULL, NULL);
END $$;

-- Opens a released export, once, for who asked for it, and logs that for every case. Errors as
-- `spend`, and SG463 where it is not released, over, or was fetched.
CREATE FUNCTION actor.open_subject_export(export_id uuid) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    stepped_up timestamptz := (actor.context())[7]::timestamptz;
    people uuid[];
BEGIN
    IF stepped_up IS NULL OR stepped_up < clock_timestamp() - interval '10 minutes' THEN
        RAISE EXCEPTION 'The second factor is not fresh.' USING ERRCODE = 'SG452';
    END IF;
    IF NOT EXISTS (SELECT FROM public.undertakings u
                   WHERE u.user_id = actor.id() AND u.valid_to >= current_date) THEN
        RAISE EXCEPTION 'There is no undertaking.' USING ERRCODE = 'SG453';
    END IF;
    UPDATE public.subject_exports e SET downloaded_at = clock_timestamp()
    WHERE e.id = export_id AND e.requested_by_id = actor.id() AND e.status = 'released'
        AND e.downloaded_at IS NULL AND e.expires_at > clock_timestamp()
        AND actor.can('subject-exports:write')
        AND (actor.can('cases:all') OR NOT EXISTS (
            SELECT FROM public.persons p
            WHERE p.id = ANY (e.person_ids) AND NOT p.case_id = ANY (actor.team_cases())))
    RETURNING e.person_ids INTO people;
    IF people IS NULL THEN
        RAISE EXCEPTION 'The export opens not, or not any more.' USING ERRCODE = 'SG463';
    END IF;
    PERFORM actor.log('subject_export', 'read_subject_export_document', p.case_id, export_id, NULL,
        array_agg(p.id), NULL, NULL)
    FROM public.persons p WHERE p.id = ANY (people) GROUP BY p.case_id;
    RETURN people;
END $$;

-- Who looked at the people of an export: when, what was done, by which roles; nobody's name. For
-- who just opened it.
CREATE FUNCTION actor.accesses_of(export_id uuid)
RETURNS TABLE (occurred_at timestamptz, act text, roles text[], members text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN QUERY SELECT l.occurred_at, l.act::text, ARRAY(
            SELECT DISTINCT a.role FROM public.role_assignments a WHERE a.user_id = l.actor_id
                AND a.valid_from <= l.occurred_at::date
                AND coalesce(a.valid_to, 'infinity') >= l.occurred_at::date ORDER BY a.role),
        l.members
    FROM public.access_log l JOIN public.subject_exports e ON e.person_ids && l.person_ids
    WHERE e.id = export_id AND e.requested_by_id = actor.id() AND e.downloaded_at IS NOT NULL
        AND actor.can('subject-exports:write')
    ORDER BY l.occurred_at;
END $$;
REVOKE EXECUTE ON FUNCTION {functions} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.destroy_identities, actor.key_destroyed, actor.keys_rotated
    TO safeguarding_vault;
GRANT EXECUTE ON FUNCTION actor.open_subject_export, actor.accesses_of TO safeguarding_app;
GRANT EXECUTE ON FUNCTION {triggers} TO safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""
TRIGGER_FUNCTIONS = (
    "actor.retain_case, actor.guard_destruction, actor.guard_destruction_approval,"
    " actor.count_destruction_approvals, actor.refuse_destroyed, actor.wait_for_rotation,"
    " actor.refuse_retired_key, actor.guard_retention_override, actor.guard_legal_hold,"
    " actor.guard_subject_export, actor.guard_subject_export_passage"
)
FUNCTIONS = (
    f"{TRIGGER_FUNCTIONS}, actor.refuse_destruction, actor.destroy_identities,"
    " actor.key_destroyed, actor.keys_rotated, actor.open_subject_export, actor.accesses_of"
)

TRIGGERS = """
CREATE TRIGGER retain AFTER INSERT ON cases FOR EACH ROW EXECUTE FUNCTION actor.retain_case();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON destructions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_destruction();
CREATE TRIGGER guard BEFORE INSERT ON destruction_approvals FOR EACH ROW
    EXECUTE FUNCTION actor.guard_destruction_approval();
CREATE TRIGGER counts AFTER INSERT ON destruction_approvals FOR EACH ROW
    EXECUTE FUNCTION actor.count_destruction_approvals();
CREATE TRIGGER guard BEFORE UPDATE ON retention_overrides FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_retention_override();
CREATE TRIGGER guard BEFORE UPDATE ON legal_holds FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_legal_hold();
CREATE TRIGGER guard BEFORE UPDATE ON subject_exports FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_subject_export();
CREATE TRIGGER guard BEFORE UPDATE ON subject_export_passages FOR EACH ROW
    WHEN (current_user = 'safeguarding_app')
    EXECUTE FUNCTION actor.guard_subject_export_passage();
"""
NOT_AGAIN = """
CREATE TRIGGER refuse_destroyed BEFORE INSERT ON {} FOR EACH ROW
    WHEN (current_user <> 'safeguarding_vault') EXECUTE FUNCTION actor.refuse_destroyed()
"""
WAITS = """
CREATE TRIGGER wait_for_rotation BEFORE INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT
    EXECUTE FUNCTION actor.wait_for_rotation()
"""
HOLDS_KEY = """
CREATE TRIGGER refuse_retired BEFORE INSERT OR UPDATE OF key_version ON {} FOR EACH ROW
    EXECUTE FUNCTION actor.refuse_retired_key()
"""
OF_PEOPLE = "persons case_keys identities blind_indexes masked_texts".split()
UNDER_KEYS = "case_keys identities blind_indexes".split()

# A rotation writes every row and is logged as one act: no line for each. The role of the vault
# changes these tables in no other way.
TRAIL = """
DROP TRIGGER trail_{0} ON {1};
CREATE TRIGGER trail_{0} AFTER {2} ON {1} REFERENCING {3} FOR EACH STATEMENT {4}
    EXECUTE FUNCTION actor.trail_{0}()
"""
NOT_ROTATED = "WHEN (current_user <> 'safeguarding_vault')"
OF_ROTATION = (
    ("update", "case_keys", "UPDATE", "OLD TABLE AS before NEW TABLE AS after"),
    ("insert", "blind_indexes", "INSERT", "NEW TABLE AS after"),
    ("delete", "blind_indexes", "DELETE", "OLD TABLE AS before"),
)

ROTATES = "(SELECT actor.can('vault:rotate'))"
OF_THE_VAULT = f"""
GRANT UPDATE (key_version, wrapped, updated_at) ON case_keys TO safeguarding_vault;
GRANT INSERT, DELETE ON blind_indexes, blind_keys TO safeguarding_vault;
GRANT INSERT, UPDATE (retired_at, rewrapped_count, updated_at) ON key_versions
    TO safeguarding_vault;
CREATE POLICY rotates ON case_keys FOR UPDATE TO safeguarding_vault USING ({ROTATES});
CREATE POLICY rotates_in ON blind_indexes FOR INSERT TO safeguarding_vault WITH CHECK ({ROTATES});
CREATE POLICY rotates_out ON blind_indexes FOR DELETE TO safeguarding_vault USING ({ROTATES});
CREATE POLICY rotates_in ON blind_keys FOR INSERT TO safeguarding_vault WITH CHECK ({ROTATES});
CREATE POLICY rotates_out ON blind_keys FOR DELETE TO safeguarding_vault USING ({ROTATES});
CREATE POLICY rotates_in ON key_versions FOR INSERT TO safeguarding_vault WITH CHECK ({ROTATES});
CREATE POLICY rotates ON key_versions FOR UPDATE TO safeguarding_vault USING ({ROTATES});
"""
DELETED_FROM = "masked_texts blind_indexes identities case_keys".split()
OF_POLICY = """
GRANT INSERT (case_id) ON case_retentions TO safeguarding_policy;
CREATE POLICY retains ON case_retentions FOR INSERT TO safeguarding_policy WITH CHECK (true);
GRANT SELECT (closed_on, identities_destroyed_at), UPDATE (identities_destroyed_at) ON cases
    TO safeguarding_policy;
GRANT SELECT (number, is_erased), UPDATE (is_erased, updated_at) ON persons TO safeguarding_policy;
CREATE POLICY erases ON persons FOR UPDATE TO safeguarding_policy USING (true);
GRANT UPDATE (status, revoked_at) ON disclosure_grants TO safeguarding_policy;
GRANT UPDATE (status, approved_at, keys_deleted_at, key_version, identities_count,
    look_up_hashes_count, masked_texts_count, revoked_grants_count, completed_at,
    completion_entry_id, completion_seq, completion_head, updated_at)
    ON destructions TO safeguarding_policy;
CREATE POLICY carries_out ON destructions FOR UPDATE TO safeguarding_policy USING (true);
GRANT UPDATE (destroyed_at, updated_at) ON key_versions TO safeguarding_policy;
CREATE POLICY notes ON key_versions FOR UPDATE TO safeguarding_policy USING (true);
GRANT SELECT (seq, members) ON access_log TO safeguarding_policy;
GRANT UPDATE (downloaded_at, updated_at) ON subject_exports TO safeguarding_policy;
CREATE POLICY opens ON subject_exports FOR UPDATE TO safeguarding_policy USING (true);
"""

ME = "(SELECT actor.id())"
READS = "(SELECT actor.can('retention:read'))"
WRITES = "(SELECT actor.can('retention:write'))"
OFFICE = (
    "(SELECT actor.can('retention:approve')) AND NOT (SELECT actor.can('retention:approve-as-dpo'))"
)
DPO = "(SELECT actor.can('retention:approve-as-dpo'))"
KEEPS = "(SELECT actor.can('vault:open'))"
EXPORTS = "(SELECT actor.can('subject-exports:write'))"
NOTHING_DONE = (
    "num_nonnulls(approved_at, keys_deleted_at, key_version, completed_at, completion_entry_id,"
    " completion_seq, completion_head) = 0"
)


def upgrade() -> None:
    run(TABLES)
    _let_policy_work()
    run(GUARDS + ACTS_OF_THE_KEEPER.format(functions=FUNCTIONS, triggers=TRIGGER_FUNCTIONS))
    _secure_retention()
    _secure_destructions()
    _secure_exports()
    run(TRIGGERS)
    for table in (*OF_PEOPLE, "legal_holds"):
        run(NOT_AGAIN.format(table))
    for table in UNDER_KEYS:
        run(WAITS.format(table))
    for table in ("case_keys", "blind_indexes"):
        run(HOLDS_KEY.format(table))
    for each in OF_ROTATION:
        run(TRAIL.format(*each, NOT_ROTATED))
    run(OF_THE_VAULT)
    run(
        "CREATE POLICY reads_retention ON transitions FOR SELECT TO safeguarding_app USING"
        f" (subject IN ('destructions', 'legal_holds') AND {READS})"
    )


def _let_policy_work() -> None:
    let_policy_read("case_retentions", "(case_id, classified_by_id, dispose_on)")
    let_policy_read("retention_extensions", "(case_id, until_on)")
    let_policy_read("legal_holds", "(case_id, status)")
    let_policy_read("destructions")
    let_policy_read("destruction_approvals", "(destruction_id, capacity, approved_by_id)")
    let_policy_read("subject_exports")
    let_policy_read("subject_export_passages", "(subject_export_id, decision)")
    let_policy_read("key_versions", "(id, number, retired_at, destroyed_at)")
    let_policy_read("access_log_heads", "(number, head)")
    let_policy_read("case_keys", "(case_id, key_version)")
    let_policy_read("identities", "(case_id)")
    let_policy_read("masked_texts", "(case_id)")
    run(OF_POLICY)
    for table in DELETED_FROM:
        run(
            f"GRANT DELETE ON {table} TO safeguarding_policy;"
            f"CREATE POLICY destroys ON {table} FOR DELETE TO safeguarding_policy USING (true)"
        )


def _secure_retention() -> None:
    secure(
        "case_retentions",
        reads=f"{READS} OR {KEEPS}",
        changes=f"{WRITES} OR {KEEPS}",
        columns="(record_class, circumstances, classified_by_id, rules, review_on, dispose_on,"
        " basis, updated_at)",
    )
    secure(
        "retention_extensions",
        reads=READS,
        creates=f"{WRITES} AND decided_by_id = {ME}",
    )
    rescanned("retention_extensions", "(reason, updated_at)")
    secure(
        "retention_overrides",
        reads=f"{READS} OR {KEEPS}",
        creates=f"{WRITES} AND proposed_by_id = {ME} AND status = 'proposed'"
        " AND approved_by_id IS NULL",
        changes=f"{WRITES} OR {OFFICE} OR {DPO}",
        columns="(status, updated_at)",
    )
    secure(
        "legal_holds",
        reads=READS,
        creates=f"{WRITES} AND placed_by_id = {ME} AND status = 'active'",
        changes=WRITES,
        columns="(status, updated_at)",
    )
    rescanned("legal_holds", "(narrative, updated_at)")


def _secure_destructions() -> None:
    secure(
        "destructions",
        reads=READS,
        creates=f"{WRITES} AND proposed_by_id = {ME} AND status = 'proposed' AND {NOTHING_DONE}",
        changes=f"{WRITES} OR {OFFICE} OR {DPO}",
        columns="(status, updated_at)",
    )
    rescanned("destructions", "(reasons, updated_at)")
    secure(
        "destruction_approvals",
        reads=READS,
        creates=f"approved_by_id = {ME} AND CASE capacity"
        f" WHEN 'data_protection' THEN {DPO} ELSE {OFFICE} END",
    )


def _secure_exports() -> None:
    mine = (
        "EXISTS (SELECT FROM subject_exports e WHERE e.id = subject_export_id AND"
        f" e.requested_by_id = {ME} AND e.created_at = now())"
    )
    secure(
        "subject_exports",
        reads=EXPORTS,
        creates=f"{EXPORTS} AND requested_by_id = {ME} AND status = 'prepared'"
        " AND num_nonnulls(reviewed_by_id, released_at, expires_at, downloaded_at) = 0"
        " AND NOT EXISTS (SELECT FROM unnest(person_ids) AS id WHERE id NOT IN"
        f" (SELECT p.id FROM persons p WHERE NOT p.is_erased AND {works_on_case('p.case_id')}))",
        changes=EXPORTS,
        columns="(status, updated_at)",
    )
    secure(
        "subject_export_passages",
        reads=f"{EXPORTS} AND {works_on_case()}",
        creates=f"{EXPORTS} AND {works_on_case()} AND {mine} AND decision = 'pending'",
        changes=f"{EXPORTS} AND {works_on_case()}",
        columns="(decision, updated_at)",
    )


def downgrade() -> None:
    run("DROP POLICY reads_retention ON transitions")
    run(
        "DELETE FROM transitions WHERE subject IN ('destructions', 'legal_holds',"
        " 'retention_overrides', 'subject_exports')"
    )
    for each in OF_ROTATION:
        run(TRAIL.format(*each, ""))
    for table in OF_PEOPLE:
        run(f"DROP TRIGGER refuse_destroyed ON {table}")
    for table in UNDER_KEYS:
        run(f"DROP TRIGGER wait_for_rotation ON {table}")
    run(UNDO)
    run(
        "DROP TABLE subject_export_passages, subject_exports, destruction_approvals, destructions,"
        " legal_holds, retention_overrides, retention_extensions, case_retentions;"
        f"DROP FUNCTION {FUNCTIONS};"
        "ALTER TABLE key_versions DROP retired_at, DROP rewrapped_count;"
        "ALTER TABLE access_log DROP CONSTRAINT access_log_act_check,"
        f" ADD CONSTRAINT access_log_act_check {one_of('act', ACTS)} NOT VALID"
    )


UNDO = (
    "".join(
        f"DROP POLICY destroys ON {table}; REVOKE DELETE ON {table} FROM safeguarding_policy;"
        for table in DELETED_FROM
    )
    + """
DROP TRIGGER retain ON cases;
DROP TRIGGER refuse_retired ON case_keys;
DROP TRIGGER refuse_retired ON blind_indexes;
DROP POLICY rotates ON case_keys;
DROP POLICY rotates_in ON blind_indexes;
DROP POLICY rotates_out ON blind_indexes;
DROP POLICY rotates_in ON blind_keys;
DROP POLICY rotates_out ON blind_keys;
DROP POLICY rotates_in ON key_versions;
DROP POLICY rotates ON key_versions;
REVOKE UPDATE (key_version, wrapped, updated_at) ON case_keys FROM safeguarding_vault;
REVOKE INSERT, DELETE ON blind_indexes, blind_keys FROM safeguarding_vault;
REVOKE INSERT, UPDATE (updated_at) ON key_versions FROM safeguarding_vault;
DROP POLICY looks_up ON key_versions;
DROP POLICY looks_up ON access_log_heads;
DROP POLICY looks_up ON case_keys;
DROP POLICY looks_up ON identities;
DROP POLICY looks_up ON masked_texts;
DROP POLICY erases ON persons;
DROP POLICY notes ON key_versions;
REVOKE SELECT (id, number, retired_at, destroyed_at), UPDATE (destroyed_at, updated_at)
    ON key_versions FROM safeguarding_policy;
REVOKE SELECT (number, head) ON access_log_heads FROM safeguarding_policy;
REVOKE SELECT (case_id, key_version) ON case_keys FROM safeguarding_policy;
REVOKE SELECT (case_id) ON identities, masked_texts FROM safeguarding_policy;
REVOKE SELECT (closed_on, identities_destroyed_at), UPDATE (identities_destroyed_at) ON cases
    FROM safeguarding_policy;
REVOKE SELECT (number, is_erased), UPDATE (is_erased, updated_at) ON persons
    FROM safeguarding_policy;
REVOKE UPDATE (status, revoked_at) ON disclosure_grants FROM safeguarding_policy;
REVOKE SELECT (seq, members) ON access_log FROM safeguarding_policy;
"""
)
