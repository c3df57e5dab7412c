"""Room beside each idempotency key: finished, it is a new version in its page, and no index hears of it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Pages are filled to a half from now on."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    op.execute("alter table idempotency_key set (fillfactor = 50)")


def downgrade() -> None:
    """Pages are filled whole again."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    op.execute("alter table idempotency_key reset (fillfactor)")
