-- The roles of the product and what each may do in this database. Run by an administrator, again
-- at every start. Their passwords are set apart.

DO $$
BEGIN
    IF to_regrole('safeguarding_owner') IS NULL THEN
        CREATE ROLE safeguarding_owner;
    END IF;
    IF to_regrole('safeguarding_policy') IS NULL THEN
        CREATE ROLE safeguarding_policy;
    END IF;
    IF to_regrole('safeguarding_app') IS NULL THEN
        CREATE ROLE safeguarding_app;
    END IF;
    IF to_regrole('safeguarding_vault') IS NULL THEN
        CREATE ROLE safeguarding_vault;
    END IF;
END $$;

-- Owns the tables: for migrations, never at run time.
ALTER ROLE safeguarding_owner LOGIN;
ALTER ROLE safeguarding_owner SET lock_timeout = '10s';

-- Owns the look-ups that policies lean on. Nobody is this role; a migration may step into it.
ALTER ROLE safeguarding_policy NOLOGIN;
GRANT safeguarding_policy TO safeguarding_owner WITH INHERIT FALSE, SET TRUE;

-- Answers requests. Every row it sees passed a policy.
ALTER ROLE safeguarding_app LOGIN NOINHERIT CONNECTION LIMIT 150;
ALTER ROLE safeguarding_app SET statement_timeout = '15s';
ALTER ROLE safeguarding_app SET lock_timeout = '3s';
ALTER ROLE safeguarding_app SET idle_in_transaction_session_timeout = '15s';

-- Reads what only the vault may read: who the people of a case are, as ciphertext.
ALTER ROLE safeguarding_vault LOGIN NOINHERIT CONNECTION LIMIT 100;
ALTER ROLE safeguarding_vault SET statement_timeout = '15s';
ALTER ROLE safeguarding_vault SET lock_timeout = '3s';
ALTER ROLE safeguarding_vault SET idle_in_transaction_session_timeout = '15s';

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO safeguarding_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO safeguarding_app, safeguarding_vault',
                   current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO safeguarding_owner;
GRANT USAGE ON SCHEMA public TO safeguarding_policy, safeguarding_app, safeguarding_vault;

-- Whoever made the roles before us may have given them more than row level security survives.
DO $$
DECLARE
    wide text;
BEGIN
    SELECT string_agg(role.rolname, ', ' ORDER BY role.rolname) INTO wide
    FROM pg_roles AS role
    WHERE role.rolname IN ('safeguarding_owner', 'safeguarding_policy', 'safeguarding_app',
                           'safeguarding_vault')
        AND (
            role.rolsuper OR role.rolbypassrls OR role.rolcreaterole OR role.rolcreatedb
            OR role.rolreplication
            OR EXISTS (
                SELECT FROM pg_auth_members AS membership
                WHERE membership.member = role.oid
                    AND NOT (
                        role.rolname = 'safeguarding_owner'
                        AND membership.roleid = to_regrole('safeguarding_policy')
                    )
            )
        );
    IF wide IS NOT NULL THEN
        RAISE EXCEPTION 'these roles may do more than they should: %', wide;
    END IF;
END $$;
