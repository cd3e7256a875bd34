"""The access log: who looked at what. Only ever added to, and sealed in Merkle batches.

An entry is written in the transaction of the act itself, by `actor.log`, which takes who acts from
the signed context. The worker seals entries (`app.services.log_sealing`): a leaf for each, a head
for each batch, each head over the one before it.
"""

from migrations.support import let_policy_read, one_of, run, secure

revision = "0008"
down_revision = "0007"

ACTS = (
    "identity_read emergency_disclosure subject_export person_lookup identity_recorded"
    " identifier_kept narratives_rescanned publication_checked identities_destroyed log_export"
).split()
"""A later migration that adds one replaces the constraint `access_log_act_check`."""
OPENING = "identity_read emergency_disclosure subject_export person_lookup".split()
"""Acts on whose entry the vault discloses, or a limit counts: only what does them may log them."""
KINDS = "person client service".split()

# Entries outlive what they are about, so nothing is referenced. `xid` and `horizon` are numbers of
# transactions: which entries may still be joined by one that was numbered before them.
TABLES = f"""
CREATE TABLE access_log (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    actor_id uuid NOT NULL,
    actor_kind varchar(64) NOT NULL {one_of("actor_kind", KINDS)},
    actor_agency_id uuid,
    act varchar(64) NOT NULL CONSTRAINT access_log_act_check {one_of("act", ACTS)},
    operation text NOT NULL CHECK (operation ~ '^[a-z][a-z0-9_]{{0,63}}$'),
    case_id uuid,
    record_id uuid,
    grant_id uuid,
    person_ids uuid[] NOT NULL CHECK (cardinality(person_ids) <= 1000),
    members text[] NOT NULL CHECK (cardinality(members) <= 200),
    found boolean,
    salt bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    CONSTRAINT access_log_names_check
        CHECK (array_to_string(members, ',', '?') ~ '^([a-z][a-z0-9_.]{{0,63}}(,|$))*$'),
    CONSTRAINT access_log_people_check CHECK (array_position(person_ids, NULL) IS NULL)
);
CREATE INDEX access_log_xid_idx ON access_log (xid);
CREATE INDEX access_log_actor_id_idx ON access_log (actor_id, occurred_at);
CREATE INDEX access_log_case_id_idx ON access_log (case_id, id) WHERE case_id IS NOT NULL;
CREATE INDEX access_log_record_id_idx ON access_log (record_id, id) WHERE record_id IS NOT NULL;
CREATE INDEX access_log_grant_id_idx ON access_log (grant_id, id) WHERE grant_id IS NOT NULL;

CREATE TABLE access_log_leaves (
    place bigint PRIMARY KEY CHECK (place > 0),
    seq bigint NOT NULL UNIQUE,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
);

CREATE TABLE access_log_heads (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    number integer NOT NULL UNIQUE CHECK (number > 0),
    size integer NOT NULL CHECK (size > 0),
    total bigint NOT NULL UNIQUE CHECK (total >= size),
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    previous_head bytea NOT NULL UNIQUE CHECK (octet_length(previous_head) = 32),
    head bytea NOT NULL UNIQUE CHECK (octet_length(head) = 32),
    horizon bigint NOT NULL,
    sealed_at timestamptz NOT NULL
);
"""

FUNCTIONS = f"""
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Writes an entry as whoever acts; for definer functions, in the transaction of the act itself.
-- Errors: 42501 where nobody has entered.
CREATE FUNCTION actor.log(
    act text, operation text, case_id uuid, record_id uuid, grant_id uuid,
    person_ids uuid[], members text[], found boolean
) RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    context text[] := actor.context();
    entry uuid := uuidv7();
BEGIN
    IF context IS NULL THEN
        RAISE EXCEPTION 'Nobody has entered.' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.access_log (id, actor_id, actor_kind, actor_agency_id, act, operation,
        case_id, record_id, grant_id, person_ids, members, found)
    VALUES (entry, context[1]::uuid, context[2], context[3]::uuid, act, operation,
        case_id, record_id, grant_id, coalesce(person_ids, '{{}}'), coalesce(members, '{{}}'),
        $8);  -- in PL/pgSQL `found` is something else
    RETURN entry;
END $$;

-- The same for the application, but for acts that open something: those are logged only by the
-- function that opens it. Errors: 42501 for such an act, and where nobody has entered.
CREATE FUNCTION actor.note(
    act text, operation text, case_id uuid, record_id uuid, person_ids uuid[], members text[]
) RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {" OR ".join(f"act = '{each}'" for each in OPENING)} THEN
        RAISE EXCEPTION 'What opens something logs it.' USING ERRCODE = '42501';
    END IF;
    RETURN actor.log(act, operation, case_id, record_id, NULL, person_ids, members, NULL);
END $$;

CREATE FUNCTION actor.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'The access log is only ever added to.' USING ERRCODE = '42501';
END $$;

REVOKE EXECUTE ON FUNCTION actor.log, actor.note, actor.refuse_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.note TO safeguarding_app;
GRANT EXECUTE ON FUNCTION actor.log, actor.note, actor.refuse_change TO safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;

GRANT INSERT ON access_log TO safeguarding_policy;
CREATE POLICY writes ON access_log FOR INSERT TO safeguarding_policy WITH CHECK (true);
"""

# Binds the owner too, and sessions that ask for no triggers.
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0}
    FOR EACH STATEMENT EXECUTE FUNCTION actor.refuse_change();
ALTER TABLE {0} ENABLE ALWAYS TRIGGER append_only
"""
SEALS = "(SELECT actor.can('jobs:run'))"


def upgrade() -> None:
    run(TABLES)
    run(FUNCTIONS)
    let_policy_read("access_log", "(id, occurred_at, actor_id, act, grant_id, person_ids)")
    secure(
        "access_log",
        reads=f"CASE WHEN (SELECT actor.can('access-log:all')) OR {SEALS} THEN true"
        " WHEN (SELECT actor.can('access-log:read')) THEN case_id IS NOT NULL"
        " OR record_id IS NOT NULL OR actor_id = (SELECT actor.id())"
        " ELSE actor_id = (SELECT actor.id()) END",
        trail=False,
    )
    for table in ("access_log_leaves", "access_log_heads"):
        secure(table, reads="(SELECT actor.id()) IS NOT NULL", creates=SEALS, trail=False)
    for table in ("access_log", "access_log_leaves", "access_log_heads"):
        run(APPEND_ONLY.format(table))


def downgrade() -> None:
    run(
        "DROP TABLE access_log_heads, access_log_leaves, access_log;"
        "DROP FUNCTION actor.note, actor.log, actor.refuse_change"
    )
