"""The event feed and webhooks: the trail in order of commit, what follows it, what was sent."""

from migrations.support import RECORD, let_policy_read, one_of, run, secure

revision = "0017"
down_revision = "0016"

FEED = """
CREATE TABLE event_subjects (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    subject text NOT NULL CONSTRAINT event_subjects_subject_key UNIQUE,
    scope text NOT NULL,
    path text,
    is_shared boolean NOT NULL
);

-- Transactions of this server are counted from here on: a database that moves to another server
-- goes on counting from its own last one, so that positions stay in order.
CREATE TABLE actor.feed_origins (origin bigint NOT NULL);
INSERT INTO actor.feed_origins VALUES (0);
GRANT SELECT ON actor.feed_origins TO safeguarding_policy;

GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE FUNCTION actor.feed_origin() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT origin FROM actor.feed_origins
$$;
REVOKE EXECUTE ON FUNCTION actor.feed_origin FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.feed_origin TO safeguarding_app, safeguarding_owner;

CREATE FUNCTION actor.grants() RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT string_to_array((actor.context())[5], ',')
$$;
REVOKE EXECUTE ON FUNCTION actor.grants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.grants TO safeguarding_app;
RESET ROLE;

-- Identifiers are in order of writing, which is not that of commit.
ALTER TABLE events ADD COLUMN xact bigint NOT NULL
    DEFAULT (actor.feed_origin() + pg_current_xact_id()::text::bigint);
CREATE INDEX events_xact_idx ON events (xact, id);
"""

POSITIONS = """
SET ROLE safeguarding_policy;

-- The first transaction that may still write: what is before it is final.
CREATE FUNCTION actor.feed_horizon() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT actor.feed_origin() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
$$;

-- Where the next events end, at most so many, seen or unseen; no row where there are none. It
-- bounds the work of one look, and says nothing of what happened.
CREATE FUNCTION actor.feed_end(
    after_xact bigint, after_id uuid, most int, OUT xact bigint, OUT id uuid, OUT is_full boolean
) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT n.xact, n.id, n.place = most FROM (
        SELECT e.xact, e.id, row_number() OVER (ORDER BY e.xact, e.id) AS place
        FROM public.events e
        WHERE (e.xact, e.id) > (after_xact, after_id) AND e.xact < (SELECT actor.feed_horizon())
        ORDER BY e.xact, e.id LIMIT most
    ) n ORDER BY n.place DESC LIMIT 1
$$;

-- The transaction before the first that wrote an event at a time or later. An identifier may be a
-- little older than the time beside it.
CREATE FUNCTION actor.feed_start(moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(min(e.xact), (SELECT actor.feed_horizon())) - 1
    FROM public.events e
    WHERE e.id >= rpad(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint - 1000), 12, '0'),
                       32, '0')::uuid
        AND e.occurred_at >= moment
$$;

REVOKE EXECUTE ON FUNCTION actor.feed_horizon, actor.feed_end, actor.feed_start FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.feed_horizon, actor.feed_end, actor.feed_start
    TO safeguarding_app, safeguarding_owner;
RESET ROLE;
"""

SEES = """
-- Tells whether the actor may learn of an event: holds the scope of its records, and sees this one
-- now. Runs with the rights of whoever asks, so that the policies of the record decide. What was
-- deleted is told to the agency that it belonged to, or to all where all had it.
CREATE FUNCTION actor.sees(subject text, record_id uuid, action text, agency_id uuid)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    known record;
    found boolean;
BEGIN
    SELECT s.scope, s.is_shared INTO known
    FROM public.event_subjects s WHERE s.subject = sees.subject;
    IF NOT FOUND OR NOT actor.can(known.scope) THEN
        RETURN false;
    ELSIF action = 'deleted' THEN
        RETURN known.is_shared OR coalesce(agency_id = actor.agency_id(), false);
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I r WHERE r.id = $1)', subject)
    INTO found USING record_id;
    RETURN found;
END $$;
REVOKE EXECUTE ON FUNCTION actor.sees FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.sees TO safeguarding_app;

DROP POLICY reads ON events;
CREATE POLICY reads ON events FOR SELECT TO safeguarding_app USING (
    CASE WHEN (SELECT actor.can('events:read')) THEN true
    WHEN (SELECT actor.can('event-feed:read'))
        THEN (SELECT actor.sees(subject, record_id, action, agency_id))
    ELSE false END
);
"""

TABLES = f"""
CREATE TABLE subscriptions (
    {RECORD},
    owner_id uuid NOT NULL REFERENCES principals,
    agency_id uuid REFERENCES agencies,
    scopes text[] NOT NULL,
    url text NOT NULL,
    description text,
    event_types text[] NOT NULL,
    contact_email text,
    is_active boolean NOT NULL DEFAULT true,
    stopped_because text {one_of("stopped_because", ["gone", "failing"])}
);
CREATE INDEX subscriptions_owner_id_idx ON subscriptions (owner_id);
CREATE INDEX subscriptions_agency_id_idx ON subscriptions (agency_id);

CREATE TABLE subscription_secrets (
    {RECORD},
    subscription_id uuid NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT 'infinity'
);
CREATE INDEX subscription_secrets_subscription_id_idx ON subscription_secrets (subscription_id);

CREATE TABLE subscription_states (
    id uuid PRIMARY KEY REFERENCES subscriptions ON DELETE CASCADE,
    after_xact bigint NOT NULL,
    after_id uuid NOT NULL,
    failing_since timestamptz
);

CREATE TABLE webhook_deliveries (
    {RECORD},
    subscription_id uuid NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
    event_id uuid,
    type text NOT NULL,
    outcome text NOT NULL DEFAULT 'waiting'
        {one_of("outcome", ["waiting", "delivered", "withheld", "failed"])},
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz DEFAULT now(),
    delivered_at timestamptz,
    last_status_code integer,
    last_duration_ms integer,
    last_failure text,
    CONSTRAINT webhook_deliveries_event_key UNIQUE (subscription_id, event_id)
);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (next_attempt_at)
    WHERE outcome = 'waiting';
CREATE INDEX webhook_deliveries_created_at_idx ON webhook_deliveries (created_at);
"""

ENTER = """
SET ROLE safeguarding_policy;

-- Signs in the worker as the owner of a subscription: with the rights of now, to read and nothing
-- else. No row where the owner may not follow the feed any more.
CREATE FUNCTION actor.enter_for_subscription(hash bytea, subscription uuid)
RETURNS TABLE (id uuid, kind text, agency_id uuid, level int, grants text[], token_id uuid,
               stepped_up_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    worker record;
    owner record;
    held text[];
    held_level int := 1;
    signed text;
    place text := pg_backend_pid() || '@' || extract(epoch FROM transaction_timestamp());
BEGIN
    SELECT * INTO worker FROM actor.enter(hash, 'jobs:run');
    PERFORM set_config('actor.context', '', true);
    IF current_setting('transaction_read_only') <> 'on' THEN
        RAISE EXCEPTION 'This is for reading.' USING ERRCODE = '42501';
    END IF;
    SELECT p.id, p.kind, p.agency_id, s.scopes INTO owner
    FROM public.subscriptions s JOIN public.principals p ON p.id = s.owner_id
    WHERE s.id = subscription AND p.is_active
        AND NOT EXISTS (SELECT FROM public.agency_suspensions x WHERE x.agency_id = p.agency_id);
    IF owner.id IS NULL THEN
        RETURN;
    END IF;
    IF owner.kind = 'person' THEN
        SELECT coalesce(array_agg(DISTINCT g.capability), '{}'), coalesce(max(r.level), 0)
        INTO held, held_level
        FROM actor.roles_of(owner.id) AS own (role) JOIN public.roles r ON r.code = own.role
        CROSS JOIN LATERAL unnest(r.capabilities) AS g (capability);
    ELSE
        SELECT coalesce(array_agg(s.scope), '{}') INTO held FROM unnest(owner.scopes) AS s (scope)
        WHERE NOT EXISTS (SELECT FROM public.clients c
                          WHERE c.id = owner.id AND NOT s.scope = ANY (c.scopes));
    END IF;
    IF NOT 'event-feed:read' = ANY (held) THEN
        RETURN;
    END IF;
    signed := concat_ws('|', owner.id, owner.kind, coalesce(owner.agency_id::text, ''),
        held_level, array_to_string(held, ','), worker.token_id, '');
    PERFORM set_config('actor.context', actor.sign(place || '|' || signed) || '|' || signed, true);
    RETURN QUERY SELECT owner.id, owner.kind, owner.agency_id, held_level, held,
        worker.token_id, NULL::timestamptz;
END $$;
REVOKE EXECUTE ON FUNCTION actor.enter_for_subscription FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.enter_for_subscription TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

WORKER = "(SELECT actor.can('jobs:run'))"
MINE = f"CASE WHEN {WORKER} THEN true ELSE owner_id = (SELECT actor.id()) END"
OF_MINE = "subscription_id IN (SELECT id FROM subscriptions)"
SUBSCRIBES = "(SELECT actor.can('subscriptions:write'))"


def upgrade() -> None:
    run(FEED)
    let_policy_read("events", "(id, xact, occurred_at)")
    run(POSITIONS)
    secure("event_subjects", reads="(SELECT actor.id()) IS NOT NULL", trail=False)
    run(SEES)
    run(TABLES)
    let_policy_read("subscriptions", "(id, owner_id, scopes)")
    run(ENTER)
    _secure_subscriptions()


def _secure_subscriptions() -> None:
    secure(
        "subscriptions",
        reads=MINE,
        creates=f"{SUBSCRIBES} AND owner_id = (SELECT actor.id())"
        " AND agency_id IS NOT DISTINCT FROM (SELECT actor.agency_id())"
        " AND scopes <@ (SELECT actor.grants())",
        changes=f"{SUBSCRIBES} AND {MINE}",
        deletes=f"{SUBSCRIBES} AND owner_id = (SELECT actor.id())",
        columns="(url, description, event_types, contact_email, is_active, stopped_because,"
        " updated_at)",
    )
    secure(
        "subscription_secrets",
        reads=OF_MINE,
        creates=OF_MINE,
        changes=OF_MINE,
        columns="(expires_at, updated_at)",
    )
    mine = "id IN (SELECT id FROM subscriptions)"
    secure("subscription_states", reads=mine, creates=mine, changes=mine, trail=False)
    secure(
        "webhook_deliveries",
        reads=OF_MINE,
        creates=f"{OF_MINE} AND ({WORKER} OR event_id IS NULL)",
        changes=OF_MINE,
        deletes=WORKER,
        trail=False,
    )


def downgrade() -> None:
    run(
        "DROP POLICY reads ON events;"
        "CREATE POLICY reads ON events FOR SELECT TO safeguarding_app"
        " USING ((SELECT actor.can('events:read')));"
        "DROP FUNCTION actor.enter_for_subscription;"
        "DROP TABLE webhook_deliveries, subscription_states, subscription_secrets, subscriptions;"
        "DROP FUNCTION actor.sees, actor.feed_end, actor.feed_start, actor.feed_horizon;"
        "ALTER TABLE events DROP COLUMN xact;"
        "DROP POLICY looks_up ON events; REVOKE SELECT (id, xact) ON events"
        " FROM safeguarding_policy;"
        "DROP TABLE event_subjects;"
        "DROP FUNCTION actor.feed_origin, actor.grants; DROP TABLE actor.feed_origins"
    )
