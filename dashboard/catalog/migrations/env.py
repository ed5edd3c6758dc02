"""Run migrations on the connection that `dashboard.catalog.schema` hands in, inside its transaction."""

from alembic import context

from dashboard.catalog.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
