"""Ways in: people, agency systems, one-time links and what limits attempts."""

from migrations.support import RECORD, one_of, run, secure

revision = "0003"
down_revision = "0002"

TABLES = f"""
CREATE TABLE users (
    id uuid PRIMARY KEY REFERENCES principals,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    email text NOT NULL,
    name text NOT NULL,
    hashed_password text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    is_superuser boolean NOT NULL DEFAULT false CHECK (NOT is_superuser),
    is_verified boolean NOT NULL DEFAULT false,
    failed_attempts integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    totp_secret bytea,
    totp_last_step integer,
    is_totp_confirmed boolean NOT NULL DEFAULT false,
    recovery_hashes text[] NOT NULL DEFAULT '{{}}'
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

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

CREATE TABLE clients (
    id uuid PRIMARY KEY REFERENCES principals,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    agency_id uuid NOT NULL REFERENCES agencies,
    name text NOT NULL,
    scopes text[] NOT NULL,
    allowed_addresses cidr[] NOT NULL DEFAULT '{{}}',
    is_active boolean NOT NULL DEFAULT true
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


def upgrade() -> None:
    run(TABLES)
    secure(
        "users",
        reads="CASE WHEN (SELECT actor.can('principals:all')) THEN true"
        " ELSE id = (SELECT actor.id()) END",
        creates=USERS,
        changes=f"CASE WHEN {AUTHENTICATE} OR {USERS} THEN true ELSE id = (SELECT actor.id()) END",
        trail=False,
    )
    secure(
        "one_time_links",
        reads=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {USERS} END",
        creates=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {USERS} END",
        changes=AUTHENTICATE,
        columns="(used_at, updated_at)",
    )
    secure(
        "sign_in_attempts",
        reads=AUTHENTICATE,
        creates=AUTHENTICATE,
        changes=AUTHENTICATE,
        deletes=AUTHENTICATE,
        trail=False,
    )
    secure(
        "clients",
        reads="CASE WHEN (SELECT actor.can('principals:all')) THEN true"
        " ELSE id = (SELECT actor.id()) END",
        creates=CLIENTS,
        changes=CLIENTS,
    )
    secure(
        "client_secrets",
        reads=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {CLIENTS} END",
        creates=CLIENTS,
        changes=f"CASE WHEN {AUTHENTICATE} THEN true ELSE {CLIENTS} END",
        columns="(last_used_at, revoked_at, expires_at, updated_at)",
        trail=False,
    )
    own = "actor_id = (SELECT actor.id())"
    old = f"{own} OR (SELECT actor.can('jobs:run')) AND created_at < now() - interval '24 hours'"
    secure("idempotency_keys", reads=old, creates=own, deletes=old, trail=False)


def downgrade() -> None:
    run(
        "DROP TABLE idempotency_keys, client_secrets, clients, sign_in_attempts,"
        " one_time_links, users"
    )
