"""Cases, who works on them, their people, and the vault that says who those are.

A case is seen by its team, by the agencies that take part, and by whoever runs or decides reviews.
Who its people are is ciphertext that the role of the application can write but not read; the role
of the vault reads it, and only as its own service or for a disclosure that stands in the log.
"""

from migrations.support import (
    RECORD,
    let_policy_read,
    one_of,
    rescanned,
    run,
    secure,
    sees_case,
    works_on_case,
)

revision = "0007"
down_revision = "0006"

AGENCY_PARTS = "notifier lead involved".split()
TEAM_PARTS = "case_officer lead_reviewer panel_chair panel_member report_author adviser".split()
PERSON_KINDS = "child family practitioner other".split()
BLIND_KINDS = "nhs_number upn surname_and_date_of_birth".split()

TABLES = f"""
CREATE TABLE cases (
    {RECORD},
    reference text NOT NULL CONSTRAINT cases_reference_key UNIQUE
        DEFAULT 'C-' || upper(left(translate(gen_random_uuid()::text, '-', ''), 8)),
    area_id uuid REFERENCES areas,
    occurred_on date,
    people_version integer NOT NULL DEFAULT 0,
    narrative_marks integer NOT NULL DEFAULT 0,
    closed_on date,
    identities_destroyed_at timestamptz
);
CREATE INDEX cases_area_id_idx ON cases (area_id);

CREATE TABLE case_agencies (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    agency_id uuid NOT NULL REFERENCES agencies,
    part varchar(64) NOT NULL {one_of("part", AGENCY_PARTS)},
    valid_to date,
    CONSTRAINT case_agencies_pair_key UNIQUE (case_id, agency_id)
);
CREATE INDEX case_agencies_agency_id_idx ON case_agencies (agency_id);

CREATE TABLE case_members (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    user_id uuid NOT NULL REFERENCES principals,
    part varchar(64) NOT NULL {one_of("part", TEAM_PARTS)},
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    CONSTRAINT case_members_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX case_members_case_id_idx ON case_members (case_id);
CREATE INDEX case_members_user_id_idx ON case_members (user_id);
CREATE UNIQUE INDEX case_members_current_key ON case_members (case_id, user_id, part)
    WHERE valid_to IS NULL;

CREATE TABLE persons (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    case_id uuid NOT NULL REFERENCES cases,
    number smallint NOT NULL CHECK (number > 0),
    kind varchar(64) NOT NULL {one_of("kind", PERSON_KINDS)},
    label text NOT NULL,
    agency_id uuid REFERENCES agencies,
    identity_version integer NOT NULL DEFAULT 0,
    is_erased boolean NOT NULL DEFAULT false,
    CONSTRAINT persons_case_number_key UNIQUE (case_id, number),
    CONSTRAINT persons_case_label_key UNIQUE (case_id, label)
);
CREATE INDEX persons_agency_id_idx ON persons (agency_id);
"""

VAULT = f"""
CREATE TABLE key_versions (
    {RECORD},
    number integer NOT NULL UNIQUE,
    fingerprint text NOT NULL,
    destroyed_at timestamptz
);

CREATE TABLE case_keys (
    {RECORD},
    case_id uuid NOT NULL UNIQUE REFERENCES cases,
    key_version integer NOT NULL,
    wrapped bytea NOT NULL
);
CREATE INDEX case_keys_key_version_idx ON case_keys (key_version);

CREATE TABLE blind_keys (
    {RECORD},
    key_version integer NOT NULL UNIQUE,
    wrapped bytea NOT NULL
);

CREATE TABLE identities (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    person_id uuid NOT NULL UNIQUE REFERENCES persons,
    version integer NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX identities_case_id_idx ON identities (case_id);

CREATE TABLE blind_indexes (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    person_id uuid NOT NULL REFERENCES persons,
    kind varchar(64) NOT NULL {one_of("kind", BLIND_KINDS)},
    key_version integer NOT NULL,
    mac bytea NOT NULL
);
CREATE INDEX blind_indexes_mac_idx ON blind_indexes (mac);
CREATE INDEX blind_indexes_case_id_idx ON blind_indexes (case_id);
CREATE INDEX blind_indexes_person_id_idx ON blind_indexes (person_id);

CREATE TABLE masked_texts (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    number integer NOT NULL CHECK (number > 0),
    kind text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT masked_texts_case_number_key UNIQUE (case_id, number)
);

ALTER TABLE transitions ADD case_id uuid REFERENCES cases;
CREATE INDEX transitions_case_id_idx ON transitions (case_id);
"""

FUNCTIONS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- The cases whose team the actor is in today.
CREATE FUNCTION actor.team_cases() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT m.case_id), '{}') FROM public.case_members m
    WHERE m.user_id = (SELECT actor.id()) AND m.valid_from <= current_date
        AND coalesce(m.valid_to, 'infinity') >= current_date
$$;

-- The cases the actor may know of without knowing of all: as one of the team, or as an agency that
-- takes part. Its people and systems need the scope besides.
CREATE FUNCTION actor.cases() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT actor.team_cases() || coalesce(array_agg(a.case_id), '{}') FROM public.case_agencies a
    WHERE a.agency_id = (SELECT actor.agency_id()) AND (SELECT actor.can('cases:read'))
        AND coalesce(a.valid_to, 'infinity') >= current_date
$$;

-- Writes tokens as labels: 3 as [Child A], 1,3 as [Child A or Mother], 3:nhs_number as
-- [NHS number of Child A], m2:name as [redacted name 2].
CREATE FUNCTION actor.render(narrative text, labels jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    parts text[] := string_to_array(narrative, '⟦');
    rendered text := parts[1];
    part text;
    token text;
    kind text;
BEGIN
    IF narrative IS NULL THEN
        RETURN NULL;
    END IF;
    FOREACH part IN ARRAY parts[2:] LOOP
        token := split_part(part, '⟧', 1);
        kind := replace(replace(replace(split_part(token, ':', 2), '_', ' '), 'nhs', 'NHS'),
                        'upn', 'UPN');
        token := split_part(token, ':', 1);
        IF token LIKE 'm%' THEN
            token := 'redacted ' || kind || ' ' || substr(token, 2);
        ELSE
            token := CASE kind WHEN '' THEN '' ELSE kind || ' of ' END || (
                SELECT string_agg(coalesce(labels ->> n, 'Person ' || n), ' or ' ORDER BY n::int)
                FROM unnest(string_to_array(token, ',')) AS n);
        END IF;
        rendered := rendered || '[' || token || ']' || substr(part, position('⟧' IN part) + 1);
    END LOOP;
    RETURN rendered;
END $$;

-- The numbers of the people that narratives speak of, each once.
CREATE FUNCTION actor.spoken_of(VARIADIC narratives text[]) RETURNS int[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT n::int), '{}')
    FROM unnest(narratives) AS narrative,
        regexp_matches(narrative, '⟦([0-9,]+)', 'g') AS found,
        unnest(string_to_array(found[1], ',')) AS n
$$;

-- What the matcher of a case depends on has changed.
CREATE FUNCTION actor.people_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public.cases SET people_version = people_version + 1 WHERE id = NEW.case_id;
    RETURN NEW;
END $$;

-- Takes the next numbers for masked texts of a case the actor may see; returns the last one.
CREATE FUNCTION actor.mark_narratives(case_id uuid, marks int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last int;
BEGIN
    UPDATE public.cases c SET narrative_marks = c.narrative_marks + marks
    WHERE c.id = mark_narratives.case_id AND marks BETWEEN 0 AND 1000
        AND (actor.can('cases:all') OR actor.can('disclosure-grants:all')
             OR actor.can('vault:open') OR c.id = ANY (actor.cases()))
    RETURNING c.narrative_marks INTO last;
    RETURN last;
END $$;

-- Opens a case for an agency that notifies of an incident, with itself as the notifier.
CREATE FUNCTION actor.open_notified_case(occurred_on date) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    opened uuid;
BEGIN
    IF NOT actor.can('case-notifications:write') OR actor.agency_id() IS NULL THEN
        RAISE EXCEPTION 'Only an agency notifies.' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.cases (occurred_on) VALUES (open_notified_case.occurred_on)
    RETURNING id INTO opened;
    INSERT INTO public.case_agencies (case_id, agency_id, part)
    VALUES (opened, actor.agency_id(), 'notifier');
    RETURN opened;
END $$;

-- Whether somebody may sign in to review a case: people only, and only who is active.
CREATE FUNCTION actor.is_person(id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM public.principals p
                   WHERE p.id = is_person.id AND p.kind = 'person' AND p.is_active)
$$;
REVOKE EXECUTE ON FUNCTION actor.team_cases, actor.cases, actor.render, actor.spoken_of,
    actor.people_changed, actor.mark_narratives, actor.open_notified_case, actor.is_person
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.team_cases, actor.cases, actor.render, actor.spoken_of,
    actor.people_changed, actor.mark_narratives, actor.open_notified_case, actor.is_person
    TO safeguarding_app;
GRANT EXECUTE ON FUNCTION actor.enter, actor.context, actor.id, actor.agency_id, actor.can,
    actor.cases TO safeguarding_vault;
GRANT EXECUTE ON FUNCTION actor.people_changed TO safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
GRANT USAGE ON SCHEMA actor TO safeguarding_vault;

CREATE TRIGGER people_changed AFTER INSERT OR UPDATE ON identities FOR EACH ROW
    EXECUTE FUNCTION actor.people_changed();
"""

OF_POLICY = """
GRANT UPDATE (people_version, narrative_marks, updated_at) ON cases TO safeguarding_policy;
GRANT INSERT (occurred_on) ON cases TO safeguarding_policy;
GRANT INSERT (case_id, agency_id, part) ON case_agencies TO safeguarding_policy;
CREATE POLICY counts ON cases FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY opens ON cases FOR INSERT TO safeguarding_policy WITH CHECK (true);
CREATE POLICY opens ON case_agencies FOR INSERT TO safeguarding_policy WITH CHECK (true);
"""

JUST_NOTIFIED = (
    "(SELECT actor.can('case-notifications:write'))"
    " AND case_id IN (SELECT id FROM cases WHERE created_at = now())"
)
"""Whoever notifies names the people in the same transaction, and never again."""
RUNS = "(SELECT actor.can('cases:write'))"
RECORDS = "(SELECT actor.can('persons:write'))"
KEEPS = "(SELECT actor.can('vault:open'))"


def upgrade() -> None:
    run(TABLES + VAULT)
    let_policy_read("case_members", "(case_id, user_id, valid_from, valid_to)")
    let_policy_read("case_agencies", "(case_id, agency_id, valid_to)")
    let_policy_read("cases", "(id, people_version, narrative_marks)")
    run(OF_POLICY)
    run(FUNCTIONS)
    _secure_cases()
    _secure_vault()
    run(TRANSITIONS)
    rescanned("transitions", "(reason, updated_at)")


def _secure_cases() -> None:
    # Whoever approves disclosures and destructions sees of which case and of whom, by label; so
    # does the vault's service, which goes through narratives again.
    approves = (
        f"CASE WHEN (SELECT actor.can('disclosure-grants:all')) OR {KEEPS} THEN true ELSE {{}} END"
    )
    secure(
        "cases",
        reads=approves.format(sees_case("id")),
        creates=f"{RUNS} AND people_version = 0 AND narrative_marks = 0"
        " AND closed_on IS NULL AND identities_destroyed_at IS NULL",
        changes=RUNS,
        columns="(reference, area_id, occurred_on, closed_on, updated_at)",
    )
    secure(
        "case_agencies",
        reads=f"CASE WHEN {works_on_case()} THEN true"
        f" ELSE agency_id = (SELECT actor.agency_id()) AND {sees_case()} END",
        creates=f"{RUNS} AND {sees_case()}",
        changes=f"{RUNS} AND {sees_case()}",
        columns="(part, valid_to, updated_at)",
    )
    secure(
        "case_members",
        reads=works_on_case(),
        creates=f"{RUNS} AND {sees_case()} AND (SELECT actor.is_person(user_id))",
        changes=f"{RUNS} AND {sees_case()}",
        columns="(valid_to, updated_at)",
    )
    secure(
        "persons",
        reads=approves.format(sees_case()),
        creates=f"({RECORDS} AND {works_on_case()}) OR ({JUST_NOTIFIED} AND {sees_case()})",
        changes=f"{RECORDS} AND {works_on_case()}",
        columns="(label, kind, agency_id, identity_version, updated_at)",
    )


def _secure_vault() -> None:
    """Give the application what it needs to write, and the vault what it needs to read."""
    secure("key_versions", reads="(SELECT actor.id()) IS NOT NULL")
    for table, columns in (
        ("case_keys", "(id, case_id, key_version)"),
        ("identities", "(id, case_id, person_id, version)"),
        ("blind_indexes", "(id, case_id, person_id, kind, key_version)"),
        ("masked_texts", "(id, case_id, number, kind)"),
    ):
        writes = f"(({RECORDS} OR {RUNS}) AND {works_on_case()}) OR ({JUST_NOTIFIED})"
        secure(
            table,
            reads=sees_case(),
            readable=columns,
            creates="case_id IN (SELECT id FROM cases)" if table == "masked_texts" else writes,
            changes=writes if table == "identities" else None,
            columns="(version, sealed, updated_at)",
            deletes=writes if table == "blind_indexes" else None,
        )
    secure("blind_keys", reads=KEEPS, readable="(id, key_version)")
    for table in (
        "key_versions",
        "case_keys",
        "blind_keys",
        "identities",
        "blind_indexes",
        "masked_texts",
    ):
        run(
            f"GRANT SELECT ON {table} TO safeguarding_vault;\n"
            f"CREATE POLICY keeps ON {table} FOR SELECT TO safeguarding_vault USING ({KEEPS})"
        )
    run(
        "GRANT SELECT (id, people_version) ON cases TO safeguarding_vault;\n"
        f"CREATE POLICY keeps ON cases FOR SELECT TO safeguarding_vault USING ({KEEPS});\n"
        "GRANT SELECT (id, case_id, number, kind) ON persons TO safeguarding_vault;\n"
        f"CREATE POLICY keeps ON persons FOR SELECT TO safeguarding_vault USING ({KEEPS})"
    )


TRANSITIONS = f"""
-- The moves of what belongs to a case are seen by whoever sees the case, or its own agency's part.
DROP POLICY reads ON transitions;
CREATE POLICY reads ON transitions FOR SELECT TO safeguarding_app USING (
    CASE WHEN case_id IS NOT NULL THEN CASE WHEN {works_on_case()} THEN true
            WHEN actor_id = (SELECT actor.id()) THEN true
            WHEN subject = 'disclosure_grants' THEN (SELECT actor.can('disclosure-grants:all'))
            ELSE agency_id = (SELECT actor.agency_id()) AND {sees_case()} END
         WHEN agency_id IS NULL THEN (SELECT actor.id()) IS NOT NULL
         WHEN (SELECT actor.can('audit-responses:all')) THEN true
         ELSE agency_id = (SELECT actor.agency_id()) END);
"""


def downgrade() -> None:
    run(
        "DROP POLICY rescans ON transitions; DROP POLICY rescans_reads ON transitions;"
        "REVOKE UPDATE (reason, updated_at) ON transitions FROM safeguarding_app;"
        "DROP POLICY reads ON transitions;"
        "CREATE POLICY reads ON transitions FOR SELECT TO safeguarding_app USING ("
        "CASE WHEN agency_id IS NULL THEN (SELECT actor.id()) IS NOT NULL"
        " WHEN (SELECT actor.can('audit-responses:all')) THEN true"
        " ELSE agency_id = (SELECT actor.agency_id()) END);"
        "DELETE FROM transitions WHERE case_id IS NOT NULL;"
        "ALTER TABLE transitions DROP case_id;"
        "DROP TABLE masked_texts, blind_indexes, identities, blind_keys, case_keys, key_versions,"
        " persons, case_members, case_agencies, cases;"
        "DROP FUNCTION actor.team_cases, actor.cases, actor.render, actor.spoken_of,"
        " actor.people_changed, actor.mark_narratives, actor.open_notified_case,"
        " actor.is_person;"
        "REVOKE USAGE ON SCHEMA actor FROM safeguarding_vault"
    )
