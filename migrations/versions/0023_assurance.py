"""What the Board states of how far it is assured, and what each statement rests on."""

from app.reference.source_kinds import SOURCE_AREAS
from migrations.support import RECORD, guard_moves, one_of, run, secure

revision = "0023"
down_revision = "0022"

TABLES = f"""
CREATE TABLE assurance_statements (
    {RECORD},
    statement text NOT NULL,
    period text NOT NULL,
    confidence text NOT NULL {one_of("confidence", ["high", "medium", "low"])},
    priority_id uuid REFERENCES priorities,
    standard text,
    theme_id uuid REFERENCES themes,
    supersedes_id uuid REFERENCES assurance_statements
        CONSTRAINT assurance_statements_supersedes_key UNIQUE,
    version smallint NOT NULL DEFAULT 1,
    drafted_by_id uuid NOT NULL REFERENCES principals,
    status text NOT NULL DEFAULT 'draft' {one_of("status", ["draft", "agreed", "superseded"])},
    CONSTRAINT assurance_statements_subject_check
        CHECK (num_nonnulls(priority_id, standard, theme_id) = 1)
);
CREATE INDEX assurance_statements_priority_id_idx ON assurance_statements (priority_id);
CREATE INDEX assurance_statements_theme_id_idx ON assurance_statements (theme_id);
CREATE INDEX assurance_statements_drafted_by_id_idx ON assurance_statements (drafted_by_id);

CREATE TABLE assurance_sources (
    {RECORD},
    statement_id uuid NOT NULL REFERENCES assurance_statements ON DELETE CASCADE,
    source_kind text NOT NULL {one_of("source_kind", SOURCE_AREAS)},
    source_id uuid,
    source_title text NOT NULL,
    CONSTRAINT assurance_sources_case_check
        CHECK (source_kind <> 'case_review' OR source_id IS NULL)
);
CREATE INDEX assurance_sources_statement_id_idx ON assurance_sources (statement_id);
"""

GUARDS = """
-- A statement takes the place of an agreed one about the same, and has the version after it.
CREATE FUNCTION actor.number_statement() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.version := 1;
    IF NEW.supersedes_id IS NOT NULL THEN
        SELECT s.version + 1 INTO NEW.version FROM public.assurance_statements s
        WHERE s.id = NEW.supersedes_id AND s.status = 'agreed'
            AND (s.priority_id, s.standard, s.theme_id)
                IS NOT DISTINCT FROM (NEW.priority_id, NEW.standard, NEW.theme_id);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Nothing agreed about the same.' USING ERRCODE = '23514',
                CONSTRAINT = 'assurance_statements_supersedes_check';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_statement BEFORE INSERT ON assurance_statements
    FOR EACH ROW EXECUTE FUNCTION actor.number_statement();

CREATE FUNCTION actor.keep_statement() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'What was agreed is not worded anew.' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER keep_statement BEFORE UPDATE OF statement, period, confidence
    ON assurance_statements FOR EACH ROW
    WHEN (OLD.status <> 'draft' AND (OLD.statement, OLD.period, OLD.confidence)
        IS DISTINCT FROM (NEW.statement, NEW.period, NEW.confidence))
    EXECUTE FUNCTION actor.keep_statement();
REVOKE EXECUTE ON FUNCTION actor.number_statement, actor.keep_statement FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.number_statement, actor.keep_statement TO safeguarding_app;
"""

STATES = "(SELECT actor.can('assurance-statements:write'))"
OF_DRAFT = (
    f"{STATES} AND statement_id IN (SELECT id FROM assurance_statements WHERE status = 'draft')"
)


def upgrade() -> None:
    run(TABLES)
    run(GUARDS)
    secure(
        "assurance_statements",
        reads=f"(SELECT actor.can('learning:read')) AND (status <> 'draft' OR {STATES})",
        creates=f"{STATES} AND status = 'draft' AND drafted_by_id = (SELECT actor.id())",
        changes=STATES,
        columns="(statement, period, confidence, status, updated_at)",
    )
    secure(
        "assurance_sources",
        reads="statement_id IN (SELECT id FROM assurance_statements)",
        creates=OF_DRAFT,
        deletes=OF_DRAFT,
    )
    guard_moves("assurance_statements")


def downgrade() -> None:
    run(
        "DROP TABLE assurance_sources, assurance_statements;"
        "DROP FUNCTION actor.number_statement, actor.keep_statement"
    )
