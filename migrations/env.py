"""Alembic's entry: it runs on the connection that `app.database.migrate` hands over."""

from alembic import context

from app.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema="migration",
    include_schemas=False,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
