"""${message}."""

from alembic import op

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What this revision adds."""
    # A migration that cannot have its lock soon gives up, rather than queue every request behind it.
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")


def downgrade() -> None:
    """The way back."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
