"""The notices that went out, byte for byte, and the outside sources behind a decision."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
alter table decision_notice add column written_at timestamptz;

create table notice_document (
    decision_id uuid not null,
    media_type text not null,
    content bytea,
    sha256 bytea not null,
    written_at timestamptz not null,
    api_key_id uuid,
    constraint pk_notice_document primary key (decision_id, media_type),
    constraint fk_notice_document_decision_id foreign key (decision_id) references decision (id),
    constraint fk_notice_document_api_key_id foreign key (api_key_id) references api_key (id),
    constraint ck_notice_document_media_type_known
        check (media_type in ('text/html', 'text/markdown', 'application/pdf')),
    constraint ck_notice_document_hash_is_of_the_content check (sha256 = sha256(content))
);

create table decision_source (
    decision_id uuid not null,
    sources json not null,
    constraint pk_decision_source primary key (decision_id),
    constraint fk_decision_source_decision_id foreign key (decision_id) references decision (id)
)
"""

# A person is erased from what was sent, its hash stays; nothing else of it ever changes.
REFUSAL = """
create function refuse_change_of_what_was_sent() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.content is null and
        (new.decision_id, new.media_type, new.sha256, new.written_at, new.api_key_id)
        is not distinct from
        (old.decision_id, old.media_type, old.sha256, old.written_at, old.api_key_id)
    then
        return new;
    end if;
    raise exception 'table notice_document keeps what was sent: % refused', lower(tg_op)
        using errcode = 'restrict_violation';
end
$$
"""

TRIGGERS = """
create trigger keeps_what_was_sent before update or delete on notice_document
    for each row execute function refuse_change_of_what_was_sent();
alter table notice_document enable always trigger keeps_what_was_sent;
create trigger not_emptied before truncate on notice_document
    for each statement execute function refuse_change();
alter table notice_document enable always trigger not_emptied
"""


def upgrade() -> None:
    """The letters that went out, and what section 615 of the Fair Credit Reporting Act has them disclose."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    _execute_each(TABLES)
    op.execute(REFUSAL)
    _execute_each(TRIGGERS)


def downgrade() -> None:
    """Without them, and without what was kept in them."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    op.execute("drop table decision_source")
    op.execute("drop table notice_document")
    op.execute("drop function refuse_change_of_what_was_sent()")
    op.execute("alter table decision_notice drop column written_at")


def _execute_each(statements: str) -> None:
    """The driver takes one statement at a time."""
    for statement in statements.split(";"):
        op.execute(statement)
