"""Bulk pushes and mail: whoever pushed follows the push; the worker carries it out."""

from migrations.support import RECORD, let_policy_read, one_of, run, secure

revision = "0005"
down_revision = "0004"

STATES = "queued running succeeded failed cancelled".split()

TABLES = f"""
CREATE TABLE imports (
    {RECORD},
    principal_id uuid NOT NULL REFERENCES principals,
    agency_id uuid REFERENCES agencies,
    kind varchar(64) NOT NULL {one_of("kind", ["areas", "agencies", "submissions", "answers"])},
    mode varchar(64) NOT NULL {one_of("mode", ["atomic", "per_item"])},
    is_dry_run boolean NOT NULL,
    status varchar(64) NOT NULL {one_of("status", STATES)},
    media_type text NOT NULL,
    rows_total bigint,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_accepted bigint NOT NULL DEFAULT 0,
    rows_unchanged bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    rows_mac bytea,
    body_mac bytea,
    problem jsonb,
    scopes text[] NOT NULL DEFAULT '{{}}',
    storage_key text,
    finished_at timestamptz
);
CREATE INDEX imports_principal_id_idx ON imports (principal_id, id);
CREATE INDEX imports_agency_id_idx ON imports (agency_id);

CREATE TABLE import_rows (
    {RECORD},
    import_id uuid NOT NULL REFERENCES imports,
    row_number bigint NOT NULL CHECK (row_number > 0),
    outcome varchar(64) NOT NULL {one_of("outcome", ["accepted", "unchanged", "rejected"])},
    record_id uuid,
    errors jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT import_rows_number_key UNIQUE (import_id, row_number)
);

CREATE TABLE mail (
    {RECORD},
    recipient text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    dedupe_key text NOT NULL UNIQUE,
    sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    failure text
);
"""

# A job acts as whoever asked for it, with the rights of today and no more than were asked for.
ENTER_JOB = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE FUNCTION actor.enter_job(hash bytea, import_id uuid)
RETURNS TABLE (id uuid, kind text, agency_id uuid, level int, grants text[], token_id uuid,
               stepped_up_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    worker record;
    asked record;
    held text[];
    held_level int := 1;
    signed text;
    place text := pg_backend_pid() || '@' || extract(epoch FROM transaction_timestamp());
BEGIN
    SELECT * INTO worker FROM actor.enter(hash, 'jobs:run');
    PERFORM set_config('actor.context', '', true);
    SELECT p.id, p.kind, p.agency_id, i.scopes INTO asked
    FROM public.imports i JOIN public.principals p ON p.id = i.principal_id
    WHERE i.id = import_id AND p.is_active AND i.status IN ('queued', 'running')
        AND NOT EXISTS (
            SELECT FROM public.agency_suspensions s WHERE s.agency_id = p.agency_id
        );
    IF asked.id IS NULL THEN
        RAISE EXCEPTION 'There is nobody to act for.' USING ERRCODE = 'SG401';
    END IF;
    SELECT coalesce(array_agg(s.scope), '{}') INTO held FROM unnest(asked.scopes) AS s (scope)
    WHERE NOT EXISTS (SELECT FROM public.clients c
                      WHERE c.id = asked.id AND NOT s.scope = ANY (c.scopes));
    IF asked.kind = 'person' THEN
        SELECT coalesce(array_agg(DISTINCT g.capability), '{}'), coalesce(max(r.level), 0)
        INTO held, held_level
        FROM public.role_assignments a JOIN public.roles r ON r.code = a.role
        CROSS JOIN LATERAL unnest(r.capabilities) AS g (capability)
        WHERE a.user_id = asked.id AND a.valid_from <= current_date
            AND (a.valid_to IS NULL OR a.valid_to >= current_date)
            AND g.capability = ANY (asked.scopes);
    END IF;
    signed := concat_ws('|', asked.id, asked.kind, coalesce(asked.agency_id::text, ''),
        held_level, array_to_string(held, ','), worker.token_id, '');
    PERFORM set_config('actor.context', actor.sign(place || '|' || signed) || '|' || signed, true);
    RETURN QUERY SELECT asked.id, asked.kind, asked.agency_id, held_level, held,
        worker.token_id, NULL::timestamptz;
END $$;
REVOKE EXECUTE ON FUNCTION actor.enter_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.enter_job TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

WORKER = "(SELECT actor.can('jobs:run'))"
MINE = f"CASE WHEN {WORKER} THEN true ELSE principal_id = (SELECT actor.id()) END"
OF_MINE = "import_id IN (SELECT id FROM imports)"


def upgrade() -> None:
    run(TABLES)
    secure(
        "imports",
        reads=MINE,
        creates="principal_id = (SELECT actor.id())"
        " AND agency_id IS NOT DISTINCT FROM (SELECT actor.agency_id())"
        " AND scopes <@ string_to_array(((SELECT actor.context()))[5], ',')",
        changes=MINE,
        columns="(status, media_type, rows_total, rows_done, rows_accepted, rows_unchanged,"
        " rows_rejected, rows_mac, body_mac, problem, storage_key, finished_at, updated_at)",
        trail=False,
    )
    secure("import_rows", reads=OF_MINE, creates=OF_MINE, deletes=WORKER, trail=False)
    let_policy_read("imports", "(id, principal_id, scopes, status)")
    let_policy_read("clients", "(id, scopes)")
    writes_mail = (
        "(SELECT actor.can('jobs:run')) OR (SELECT actor.can('users:write'))"
        " OR (SELECT actor.can('users:authenticate')) OR (SELECT actor.can('audits:write'))"
    )
    secure(
        "mail",
        reads=WORKER,
        creates=writes_mail,
        changes=WORKER,
        deletes=WORKER,
        columns="(body, sent_at, attempts, failure, updated_at)",
        trail=False,
    )
    run(ENTER_JOB)


def downgrade() -> None:
    run(
        "DROP FUNCTION actor.enter_job; DROP TABLE mail, import_rows, imports;"
        "DROP POLICY looks_up ON clients; REVOKE SELECT ON clients FROM safeguarding_policy"
    )
