"""What decisions, agendas and citations may name, so that none tells of a hidden record.

They are read by every partner; some of what they are about comes from a live case. Framework
section 13.
"""

from migrations.support import one_of, run

revision = "0024"
down_revision = "0023"

OPEN = (
    "assurance_statements audit_requests audits challenge_events challenges commendations"
    " document_versions documents external_reviews memberships objectives priorities themes"
).split()
BOUND = "actions briefings findings impact_checks obligations recommendations".split()
"""What may come from a live case: its policies say who knows of it."""

SEEN = " ".join(
    f"WHEN '{table}' THEN EXISTS (SELECT FROM {table} r WHERE r.id = {{0}}.record_id)"
    for table in BOUND
)


NAMING = ("agenda_items", "decisions", "objective_evidence")
CITING = ("commendations", "impact_checks")
"""What cites a source, is read by every partner, and is bound to no case."""


def upgrade() -> None:
    for table in CITING:
        run(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_cites_check"
            " CHECK (source_kind IS DISTINCT FROM 'case_review' OR source_id IS NULL)"
        )
    for table in NAMING:
        run(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_kind_check"
            f" {one_of('subject', sorted(OPEN + BOUND))};"
            f"CREATE POLICY of_record ON {table} AS RESTRICTIVE FOR SELECT TO safeguarding_app"
            f" USING (CASE subject {SEEN.format(table)} ELSE true END)"
        )


def downgrade() -> None:
    for table in CITING:
        run(f"ALTER TABLE {table} DROP CONSTRAINT {table}_cites_check")
    for table in NAMING:
        run(
            f"DROP POLICY of_record ON {table};"
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_kind_check"
        )
