"""Who acts: principals, their roles and tokens, and the signed context of a transaction."""

from migrations.support import RECORD, let_policy_read, one_of, run, secure

revision = "0001"
down_revision = None

PRINCIPALS = f"""
CREATE SCHEMA actor;
GRANT USAGE ON SCHEMA actor TO safeguarding_app, safeguarding_policy;
GRANT USAGE ON SCHEMA public TO safeguarding_policy;

CREATE TABLE principals (
    {RECORD},
    kind text NOT NULL {one_of("kind", ["person", "client", "service"])},
    agency_id uuid,
    is_active boolean NOT NULL DEFAULT true
);
CREATE INDEX principals_agency_id_idx ON principals (agency_id);

CREATE TABLE roles (
    {RECORD},
    code text NOT NULL UNIQUE,
    title text NOT NULL,
    description text NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 5),
    capabilities text[] NOT NULL,
    is_of_agency boolean NOT NULL
);

CREATE TABLE role_assignments (
    {RECORD},
    user_id uuid NOT NULL REFERENCES principals,
    role text NOT NULL REFERENCES roles (code),
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    CHECK (valid_to >= valid_from)
);
CREATE INDEX role_assignments_user_id_idx ON role_assignments (user_id);

CREATE TABLE tokens (
    {RECORD},
    principal_id uuid NOT NULL REFERENCES principals,
    kind text NOT NULL {one_of("kind", ["session", "access", "service", "pending"])},
    token_hash bytea NOT NULL,
    scopes text[],
    expires_at timestamptz NOT NULL,
    idle interval,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    stepped_up_at timestamptz,
    revoked_at timestamptz,
    address inet
);
CREATE UNIQUE INDEX tokens_token_hash_idx ON tokens (token_hash);
CREATE INDEX tokens_principal_id_idx ON tokens (principal_id);

CREATE TABLE events (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id uuid,
    actor_agency_id uuid,
    action text NOT NULL {one_of("action", ["created", "changed", "deleted"])},
    subject text NOT NULL,
    record_id uuid NOT NULL,
    agency_id uuid,
    members text[] NOT NULL DEFAULT '{{}}'
);
CREATE INDEX events_record_id_idx ON events (record_id, id);
CREATE INDEX events_subject_idx ON events (subject, id);
GRANT INSERT ON events TO safeguarding_policy;
CREATE POLICY writes ON events FOR INSERT TO safeguarding_policy WITH CHECK (true);
"""

SIGNING = """
CREATE TABLE actor.signing_keys (inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
GRANT SELECT ON actor.signing_keys TO safeguarding_policy;

DO $$
DECLARE
    secret bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                        || uuid_send(gen_random_uuid()));
    inner_pad bytea := decode(repeat('36', 64), 'hex');
    outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    FOR i IN 0..31 LOOP
        inner_pad := set_byte(inner_pad, i, get_byte(inner_pad, i) # get_byte(secret, i));
        outer_pad := set_byte(outer_pad, i, get_byte(outer_pad, i) # get_byte(secret, i));
    END LOOP;
    INSERT INTO actor.signing_keys VALUES (inner_pad, outer_pad);
END $$;

GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;

-- HMAC-SHA-256 (RFC 2104) of a context, with the pads worked out beforehand.
CREATE FUNCTION actor.sign(context text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT encode(sha256(outer_pad || sha256(inner_pad || convert_to(context, 'UTF8'))), 'hex')
    FROM actor.signing_keys
$$;

-- The members of the verified context: id, kind, agency, level, grants, token, step-up.
-- NULL where nobody has entered; an error where the context was not made by `enter` in this
-- very transaction.
CREATE FUNCTION actor.context() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    sealed text := nullif(current_setting('actor.context', true), '');
    signed text;
    place text := pg_backend_pid() || '@' || extract(epoch FROM transaction_timestamp());
BEGIN
    IF sealed IS NULL THEN
        RETURN NULL;
    END IF;
    signed := substr(sealed, 66);
    IF left(sealed, 64) <> actor.sign(place || '|' || signed) THEN
        RAISE EXCEPTION 'The context of the actor is not valid here.' USING ERRCODE = '42501';
    END IF;
    RETURN string_to_array(signed, '|', '');
END $$;

-- Signs in by the hash of a token, for the rest of the transaction. Errors: SG401 if the token
-- is unknown, expired, idle for too long or revoked, or its holder is not active or of an agency
-- that is suspended; SG403 if the holder has not the scope.
CREATE FUNCTION actor.enter(
    hash bytea, scope text,
    OUT id uuid, OUT kind text, OUT agency_id uuid, OUT level int, OUT grants text[],
    OUT token_id uuid, OUT stepped_up_at timestamptz
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    signed text;
    place text := pg_backend_pid() || '@' || extract(epoch FROM transaction_timestamp());
BEGIN
    SELECT p.id, p.kind, p.agency_id, t.id, t.stepped_up_at, t.scopes, 1
    INTO id, kind, agency_id, token_id, stepped_up_at, grants, level
    FROM public.tokens t JOIN public.principals p ON p.id = t.principal_id
    WHERE t.token_hash = hash AND t.kind <> 'pending' AND t.revoked_at IS NULL
        AND t.expires_at > statement_timestamp() AND p.is_active
        AND (t.idle IS NULL OR t.last_seen_at + t.idle > statement_timestamp())
        AND NOT EXISTS (
            SELECT FROM public.agency_suspensions s WHERE s.agency_id = p.agency_id
        );
    IF id IS NULL THEN
        RAISE EXCEPTION 'Not signed in.' USING ERRCODE = 'SG401';
    END IF;
    IF kind = 'person' THEN
        SELECT coalesce(array_agg(DISTINCT granted.capability), '{}'), coalesce(max(r.level), 0)
        INTO grants, level
        FROM public.role_assignments a JOIN public.roles r ON r.code = a.role
        CROSS JOIN LATERAL unnest(r.capabilities) AS granted (capability)
        WHERE a.user_id = enter.id AND a.valid_from <= current_date
            AND (a.valid_to IS NULL OR a.valid_to >= current_date);
    END IF;
    grants := grants || ARRAY['me'];
    IF NOT scope = ANY (grants) THEN
        RAISE EXCEPTION 'The scope is missing.' USING ERRCODE = 'SG403';
    END IF;
    signed := concat_ws('|', id, kind, coalesce(agency_id::text, ''), level,
        array_to_string(grants, ','), token_id, coalesce(stepped_up_at::text, ''));
    PERFORM set_config('actor.context', actor.sign(place || '|' || signed) || '|' || signed, true);
END $$;

-- Who has entered, as `enter` said it; no row before that.
CREATE FUNCTION actor.current(
    OUT id uuid, OUT kind text, OUT agency_id uuid, OUT level int, OUT grants text[],
    OUT token_id uuid, OUT stepped_up_at timestamptz
) RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT c[1]::uuid, c[2], c[3]::uuid, c[4]::int, string_to_array(c[5], ','), c[6]::uuid,
        c[7]::timestamptz
    FROM (SELECT actor.context() AS c) AS context WHERE c IS NOT NULL
$$;

CREATE FUNCTION actor.id() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (actor.context())[1]::uuid
$$;

CREATE FUNCTION actor.agency_id() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (actor.context())[3]::uuid
$$;

CREATE FUNCTION actor.level() RETURNS int LANGUAGE sql STABLE AS $$
    SELECT coalesce((actor.context())[4]::int, 0)
$$;

CREATE FUNCTION actor.can(capability text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(capability = ANY (string_to_array((actor.context())[5], ',')), false)
$$;

-- Every change leaves a line: who, what, when, and the names of the members; never a value.
-- What changes by use alone leaves none.
CREATE FUNCTION actor.trail_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.events (actor_id, actor_agency_id, action, subject, record_id, agency_id)
    SELECT c[1]::uuid, c[3]::uuid, 'created', TG_TABLE_NAME, (r ->> 'id')::uuid,
        (r ->> 'agency_id')::uuid
    FROM (SELECT actor.context() AS c OFFSET 0) AS context,
        (SELECT to_jsonb(after) AS r FROM after) AS made;
    RETURN NULL;
END $$;

CREATE FUNCTION actor.trail_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.events (actor_id, actor_agency_id, action, subject, record_id, agency_id)
    SELECT c[1]::uuid, c[3]::uuid, 'deleted', TG_TABLE_NAME, (r ->> 'id')::uuid,
        (r ->> 'agency_id')::uuid
    FROM (SELECT actor.context() AS c OFFSET 0) AS context,
        (SELECT to_jsonb(before) AS r FROM before) AS gone;
    RETURN NULL;
END $$;

CREATE FUNCTION actor.trail_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.events
        (actor_id, actor_agency_id, action, subject, record_id, agency_id, members)
    SELECT c[1]::uuid, c[3]::uuid, 'changed', TG_TABLE_NAME, (n ->> 'id')::uuid,
        (n ->> 'agency_id')::uuid, changed.members
    FROM (SELECT actor.context() AS c OFFSET 0) AS context,
        (SELECT to_jsonb(before) AS o, to_jsonb(after) AS n
         FROM before JOIN after USING (id)) AS pair,
        LATERAL (SELECT array_agg(key ORDER BY key) AS members FROM jsonb_each(n)
                 WHERE key NOT IN ('updated_at', 'last_used_at', 'totp_last_step')
                     AND value IS DISTINCT FROM o -> key) AS changed
    WHERE changed.members IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION actor.touch() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA actor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.enter, actor.current, actor.context, actor.id, actor.agency_id,
    actor.level, actor.can TO safeguarding_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA actor TO safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

GIVES_ROLES = (
    "(SELECT actor.can('users:write')) AND user_id <> (SELECT actor.id())"
    " AND CASE WHEN (SELECT actor.can('board-roles:grant')) THEN true"
    " ELSE role IN (SELECT code FROM roles WHERE is_of_agency) END"
)


def upgrade() -> None:
    run(PRINCIPALS)
    run(SIGNING)
    let_policy_read("principals", "(id, kind, agency_id, is_active)")
    let_policy_read("roles", "(code, level, capabilities)")
    let_policy_read("role_assignments", "(user_id, role, valid_from, valid_to)")
    let_policy_read(
        "tokens",
        "(id, principal_id, kind, token_hash, scopes, expires_at, idle, last_seen_at,"
        " stepped_up_at, revoked_at)",
    )
    secure(
        "principals",
        reads="CASE WHEN (SELECT actor.can('principals:all')) THEN true"
        " ELSE id = (SELECT actor.id()) END",
        creates="(SELECT actor.can('principals:all')) AND kind <> 'service'",
        # Nobody locks out, or lets back in, themself or a service.
        changes="(SELECT actor.can('principals:all')) AND kind <> 'service'"
        " AND id <> (SELECT actor.id())",
        columns="(is_active, updated_at)",
    )
    secure("roles", reads="(SELECT actor.id()) IS NOT NULL", trail=False)
    secure(
        "role_assignments",
        reads="CASE WHEN (SELECT actor.can('principals:all')) THEN true"
        " ELSE user_id = (SELECT actor.id()) END",
        creates=GIVES_ROLES,
        changes=GIVES_ROLES,
        columns="(valid_to, updated_at)",
    )
    secure(
        "tokens",
        reads="CASE WHEN (SELECT actor.can('tokens:all')) THEN true"
        " ELSE principal_id = (SELECT actor.id()) END",
        creates="(SELECT actor.can('tokens:all')) AND kind <> 'service'",
        changes="CASE WHEN (SELECT actor.can('tokens:all')) THEN true"
        " ELSE principal_id = (SELECT actor.id()) END",
        # One's own tokens one may end, and nothing else.
        changed="CASE WHEN (SELECT actor.can('tokens:all')) THEN true"
        " ELSE principal_id = (SELECT actor.id()) AND revoked_at IS NOT NULL END",
        deletes="(SELECT actor.can('tokens:all')) AND kind <> 'service'",
        columns="(revoked_at, last_seen_at, stepped_up_at, updated_at)",
        trail=False,
    )
    secure("events", reads="(SELECT actor.can('events:read'))", trail=False)


def downgrade() -> None:
    run("DROP TABLE events, tokens, role_assignments, roles, principals; DROP SCHEMA actor CASCADE")
