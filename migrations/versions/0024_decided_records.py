"""What a decision or an item of an agenda may be about, and that it tells of no hidden record.

Both are read by every partner; some of what they are about comes from a live case. Framework
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


def upgrade() -> None:
    for table in ("decisions", "agenda_items"):
        run(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_kind_check"
            f" {one_of('subject', sorted(OPEN + BOUND))};"
            f"CREATE POLICY of_record ON {table} AS RESTRICTIVE FOR SELECT TO safeguarding_app"
            f" USING (CASE subject {SEEN.format(table)} ELSE true END)"
        )


def downgrade() -> None:
    for table in ("decisions", "agenda_items"):
        run(
            f"DROP POLICY of_record ON {table};"
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_kind_check"
        )
