"""Ways in: people, agency systems, one-time links and what limits attempts."""

from migrations.support import RECORD, let_policy_read, one_of, run, secure

revision = "0003"
down_revision = "0002"

TABLES = f"""
CREATE TABLE users (
    id uuid PRIMARY KEY REFERENCES principals,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    email text NOT NULL,
    name text NOT NULL,
    is_verified boolean NOT NULL DEFAULT false,
    has_second_factor boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE credentials (
    id uuid PRIMARY KEY REFERENCES users,
    updated_at timestamptz NOT NULL DEFAULT now(),
    hashed_password text NOT NULL DEFAULT '',
    is_superuser boolean NOT NULL DEFAULT false CHECK (NOT is_superuser),
    totp_secret bytea,
    totp_last_step integer,
    recovery_hashes text[] NOT NULL DEFAULT '{{}}'
);

CREATE TABLE one_time_links (
    {RECORD},
    user_id uuid NOT NULL REFERENCES principals,
    purpose text NOT NULL {one_of("purpose", ["invitation", "password_reset"])},
    link_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX one_time_links_user_id_idx ON one_time_links (user_id);

CREATE UNLOGGED TABLE sign_in_attempts (
    bucket bytea PRIMARY KEY,
    tokens double precision NOT NULL,
    refilled_at timestamptz NOT NULL
);

CREATE UNLOGGED TABLE sign_in_failures (
    bucket bytea PRIMARY KEY,
    failures integer NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz NOT NULL DEFAULT now(),
    trusted_until timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clients (
    id uuid PRIMARY KEY REFERENCES principals,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    agency_id uuid NOT NULL REFERENCES agencies,
    name text NOT NULL,
    scopes text[] NOT NULL,
    allowed_addresses cidr[] NOT NULL DEFAULT '{{}}'
);
CREATE INDEX clients_agency_id_idx ON clients (agency_id);

CREATE TABLE client_secrets (
    {RECORD},
    client_id uuid NOT NULL REFERENCES clients,
    secret_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX client_secrets_client_id_idx ON client_secrets (client_id);

CREATE TABLE agency_suspensions (
    {RECORD},
    agency_id uuid NOT NULL REFERENCES agencies,
    reason text NOT NULL
);
CREATE UNIQUE INDEX agency_suspensions_agency_id_key ON agency_suspensions (agency_id);

CREATE TABLE idempotency_keys (
    actor_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    body_mac bytea NOT NULL,
    record_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor_id, operation, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
"""

AUTHENTICATE = "(SELECT actor.can('users:authenticate'))"
USERS = "(SELECT actor.can('users:write'))"
CLIENTS = "(SELECT actor.can('clients:write'))"
EVERYBODY = "(SELECT actor.can('principals:all'))"
SELF = "id = (SELECT actor.id())"


def upgrade() -> None:
    run(TABLES)
    secure(
        "users",
        reads=f"CASE WHEN {EVERYBODY} THEN true ELSE {SELF} END",
        creates=USERS,
        changes=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {USERS} END",
        columns="(name, is_verified, has_second_factor, updated_at)",
    )
    # What proves an identity: whoever registers a person leaves it empty.
    secure(
        "credentials",
        reads=AUTHENTICATE,
        creates=f"{USERS} AND hashed_password = '' AND totp_secret IS NULL"
        " AND recovery_hashes = '{}'",
        changes=AUTHENTICATE,
        columns="(hashed_password, totp_secret, totp_last_step, recovery_hashes, updated_at)",
    )
    invites = f"CASE WHEN {AUTHENTICATE} THEN true ELSE {USERS} AND purpose = 'invitation' END"
    secure(
        "one_time_links",
        reads=invites,
        creates=invites,
        changes=AUTHENTICATE,
        columns="(used_at, updated_at)",
    )
    for limit in ("sign_in_attempts", "sign_in_failures"):
        secure(
            limit,
            reads=AUTHENTICATE,
            creates=AUTHENTICATE,
            changes=AUTHENTICATE,
            deletes=AUTHENTICATE,
            trail=False,
        )
    secure(
        "clients",
        reads=f"CASE WHEN {EVERYBODY} THEN true ELSE {SELF} END",
        creates=CLIENTS,
        changes=CLIENTS,
        columns="(name, scopes, allowed_addresses, updated_at)",
    )
    secure(
        "client_secrets",
        reads=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {CLIENTS} END",
        creates=CLIENTS,
        changes=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {CLIENTS} END",
        columns="(last_used_at, revoked_at, expires_at, updated_at)",
    )
    secure(
        "agency_suspensions",
        reads=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {CLIENTS} END",
        creates=CLIENTS,
        deletes=CLIENTS,
    )
    let_policy_read("agency_suspensions", "(agency_id)")
    own = "actor_id = (SELECT actor.id())"
    old = f"{own} OR (SELECT actor.can('jobs:run')) AND created_at < now() - interval '24 hours'"
    secure("idempotency_keys", reads=old, creates=own, deletes=old, trail=False)


def downgrade() -> None:
    run(
        "DROP TABLE idempotency_keys, agency_suspensions, client_secrets, clients,"
        " sign_in_failures, sign_in_attempts, one_time_links, credentials, users"
    )
