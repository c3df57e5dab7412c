"""Decisions and everything around one: explanations, notices, resolutions, keys, chats, audit."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEYS = """
create table api_key (
    id uuid not null,
    name text not null,
    hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint pk_api_key primary key (id),
    constraint uq_api_key_hash unique (hash),
    constraint ck_api_key_hash_is_sha256 check (octet_length(hash) = 32),
    constraint ck_api_key_scopes_known
        check (cardinality(scopes) > 0 and scopes <@ array['decide', 'analyst', 'policy', 'audit']),
    constraint ck_api_key_revoked_after_created check (revoked_at >= created_at)
)
"""

DECISIONS = """
create table decision (
    id uuid not null,
    created_at timestamptz not null,
    received_at timestamptz not null,
    as_of date not null,
    api_key_id uuid,
    corrects uuid,
    product text not null,
    mode text not null,
    outcome text not null,
    external_id text,
    trace_id text not null,
    record json not null,
    inputs json not null,
    digest bytea not null,
    constraint pk_decision primary key (id),
    constraint fk_decision_api_key_id foreign key (api_key_id) references api_key (id),
    constraint fk_decision_corrects foreign key (corrects) references decision (id),
    constraint ck_decision_id_is_uuid7 check (substr(id::text, 15, 1) = '7'),
    constraint ck_decision_mode_known check (mode in ('live', 'simulation')),
    constraint ck_decision_outcome_known
        check (outcome in ('approve', 'counter_offer', 'refer', 'decline', 'incomplete')),
    constraint ck_decision_received_before_created check (received_at <= created_at),
    constraint ck_decision_corrects_another check (corrects <> id),
    constraint ck_decision_digest_is_sha256 check (octet_length(digest) = 32)
);
create index ix_decision_product_id on decision (product, id);
create index ix_decision_outcome_id on decision (outcome, id);
create index ix_decision_external_id_id on decision (external_id, id) where external_id is not null;

create table decision_explanation (
    decision_id uuid not null,
    reader text not null,
    status text not null,
    explanation json not null,
    evidence json,
    written_at timestamptz not null,
    constraint pk_decision_explanation primary key (decision_id, reader),
    constraint fk_decision_explanation_decision_id foreign key (decision_id) references decision (id),
    constraint ck_decision_explanation_reader_known check (reader in ('analyst', 'applicant', 'examiner')),
    constraint ck_decision_explanation_status_known check (status in ('verified', 'fallback', 'pending')),
    constraint ck_decision_explanation_written_has_evidence
        check ((status = 'pending') = (evidence is null))
);
create index ix_decision_explanation_written_at on decision_explanation (written_at)
    where status = 'pending';

create table decision_notice (
    decision_id uuid not null,
    kind text not null,
    due_at timestamptz not null,
    sent_at timestamptz,
    channel text,
    constraint pk_decision_notice primary key (decision_id),
    constraint fk_decision_notice_decision_id foreign key (decision_id) references decision (id),
    constraint ck_decision_notice_kind_known
        check (kind in ('adverse_action', 'counter_offer', 'incompleteness')),
    constraint ck_decision_notice_sent_by_a_channel check ((sent_at is null) = (channel is null))
);
create index ix_decision_notice_due_at on decision_notice (due_at) where sent_at is null;

create table decision_resolution (
    id uuid not null,
    decision_id uuid not null,
    outcome text not null,
    reasons text[] not null,
    note text,
    api_key_id uuid,
    created_at timestamptz not null,
    constraint pk_decision_resolution primary key (id),
    constraint uq_decision_resolution_decision_id unique (decision_id),
    constraint fk_decision_resolution_decision_id foreign key (decision_id) references decision (id),
    constraint fk_decision_resolution_api_key_id foreign key (api_key_id) references api_key (id),
    constraint ck_decision_resolution_outcome_known check (outcome in ('approve', 'decline')),
    constraint ck_decision_resolution_declined_has_a_reason
        check (outcome <> 'decline' or cardinality(reasons) > 0)
);

create table artefact (
    digest text not null,
    kind text not null,
    content json not null,
    constraint pk_artefact primary key (digest),
    constraint ck_artefact_digest_is_hexadecimal check (digest ~ '^[0-9a-f]{16,64}$')
)
"""

PERSONAL = """
create table applicant (
    decision_id uuid not null,
    name text not null,
    address text not null,
    email text,
    constraint pk_applicant primary key (decision_id),
    constraint fk_applicant_decision_id foreign key (decision_id) references decision (id)
);

create table applicant_note (
    decision_id uuid not null,
    note text not null,
    constraint pk_applicant_note primary key (decision_id),
    constraint fk_applicant_note_decision_id foreign key (decision_id) references decision (id)
);

create table monitoring (
    decision_id uuid not null,
    age smallint,
    marital text,
    constraint pk_monitoring primary key (decision_id),
    constraint fk_monitoring_decision_id foreign key (decision_id) references decision (id),
    constraint ck_monitoring_age_is_possible check (age between 0 and 150)
)
"""

IDEMPOTENCY = """
create table idempotency_key (
    caller text not null,
    product text not null,
    key text not null,
    body_sha256 bytea not null,
    token uuid not null,
    leased_until timestamptz not null,
    decision_id uuid,
    response bytea,
    finished_at timestamptz,
    constraint pk_idempotency_key primary key (caller, product, key),
    constraint fk_idempotency_key_decision_id foreign key (decision_id) references decision (id),
    constraint ck_idempotency_key_key_length check (length(key) between 1 and 255),
    constraint ck_idempotency_key_body_is_sha256 check (octet_length(body_sha256) = 32),
    constraint ck_idempotency_key_finished_whole_or_not_at_all
        check (num_nulls(decision_id, response, finished_at) in (0, 3))
);
create index ix_idempotency_key_leased_until on idempotency_key (leased_until)
"""

CHATS = """
create table conversation (
    id uuid not null,
    decision_id uuid,
    api_key_id uuid,
    created_at timestamptz not null,
    constraint pk_conversation primary key (id),
    constraint fk_conversation_decision_id foreign key (decision_id) references decision (id),
    constraint fk_conversation_api_key_id foreign key (api_key_id) references api_key (id)
);

create table chat_turn (
    conversation_id uuid not null,
    position integer not null,
    message text not null,
    answer json not null,
    evidence json not null,
    as_of date not null,
    trace_id text not null,
    created_at timestamptz not null,
    constraint pk_chat_turn primary key (conversation_id, position),
    constraint fk_chat_turn_conversation_id foreign key (conversation_id) references conversation (id),
    constraint ck_chat_turn_position_from_one check (position >= 1)
);

create table chat_feedback (
    id uuid not null,
    conversation_id uuid not null,
    helpful boolean not null,
    note text,
    api_key_id uuid,
    created_at timestamptz not null,
    constraint pk_chat_feedback primary key (id),
    constraint fk_chat_feedback_conversation_id foreign key (conversation_id) references conversation (id),
    constraint fk_chat_feedback_api_key_id foreign key (api_key_id) references api_key (id)
);
create index ix_chat_feedback_conversation_id on chat_feedback (conversation_id)
"""

AUDIT = """
create table audit_event (
    id uuid not null,
    created_at timestamptz not null,
    api_key_id uuid,
    action text not null,
    subject text not null,
    detail json not null,
    constraint pk_audit_event primary key (id),
    constraint fk_audit_event_api_key_id foreign key (api_key_id) references api_key (id)
);
create index ix_audit_event_subject_id on audit_event (subject, id)
"""

REFUSAL = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only: % refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
end
$$
"""

# What is read of a record is read in one go: as generated columns and check constraints, each of which
# parses the whole text again, the same rules cost three times as much as the insert itself.
READ_RECORD = """
create function read_record() returns trigger language plpgsql as $$
declare
    r constant jsonb := new.record::jsonb;
    broken text;
begin
    new.product := r ->> 'product';
    new.mode := r ->> 'mode';
    new.outcome := r ->> 'outcome';
    new.external_id := r ->> 'external_id';
    new.trace_id := r ->> 'trace_id';
    broken := case
        when r ->> 'id' is distinct from new.id::text
            or r ->> 'corrects' is distinct from new.corrects::text
            or (r ->> 'created_at')::timestamptz is distinct from new.created_at
            or (r ->> 'received_at')::timestamptz is distinct from new.received_at
            or (r ->> 'as_of')::date is distinct from new.as_of
            then 'columns_say_what_the_record_says'
        when r ->> 'explanation' is not null then 'explanation_is_apart'
        when new.outcome in ('decline', 'incomplete') and r ->> 'offer' is not null
            then 'refused_has_no_offer'
        when new.outcome in ('approve', 'counter_offer') and r ->> 'offer' is null
            then 'granted_has_an_offer'
        when (new.outcome = 'incomplete') <> (jsonb_array_length(r -> 'missing') > 0)
            then 'incomplete_names_what_is_missing'
        when new.outcome = 'decline' and jsonb_array_length(r -> 'reasons') = 0
            then 'declined_has_a_reason'
        when new.outcome = 'approve' and jsonb_array_length(r -> 'reasons') > 0
            then 'approved_has_no_reason'
    end;
    if broken is not null then
        raise exception 'new row for relation "decision" violates "ck_decision_%"', broken
            using errcode = 'check_violation', constraint = 'ck_decision_' || broken;
    end if;
    return new;
end
$$
"""

READ_ON_INSERT = """
create trigger read_record before insert on decision
    for each row execute function read_record();
alter table decision enable always trigger read_record
"""

# `enable always`: the trigger also holds for a session that replays as a replica.
APPEND_ONLY = """
create trigger append_only before update or delete or truncate on {table}
    for each statement execute function refuse_change();
alter table {table} enable always trigger append_only
"""

KEPT_ONCE_WRITTEN = """
create trigger not_emptied before truncate on decision_explanation
    for each statement execute function refuse_change();
alter table decision_explanation enable always trigger not_emptied;
create trigger kept_once_written before update or delete on decision_explanation
    for each row when (old.status <> 'pending') execute function refuse_change();
alter table decision_explanation enable always trigger kept_once_written
"""

APPEND_ONLY_TABLES = ("decision", "decision_resolution", "artefact", "audit_event")
TABLES = (
    *("audit_event", "chat_feedback", "chat_turn", "conversation", "idempotency_key", "monitoring"),
    *("applicant_note", "applicant", "artefact", "decision_resolution", "decision_notice"),
    *("decision_explanation", "decision", "api_key"),
)


def upgrade() -> None:
    """The decision side."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    for statements in (KEYS, DECISIONS, PERSONAL, IDEMPOTENCY, CHATS, AUDIT):
        _execute_each(statements)
    op.execute(REFUSAL)
    op.execute(READ_RECORD)
    _execute_each(READ_ON_INSERT)
    for table in APPEND_ONLY_TABLES:
        _execute_each(APPEND_ONLY.format(table=table))
    _execute_each(KEPT_ONCE_WRITTEN)


def downgrade() -> None:
    """Nothing of it, and nothing that was stored in it."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    for table in TABLES:
        op.execute(f"drop table {table}")
    op.execute("drop function refuse_change()")
    op.execute("drop function read_record()")


def _execute_each(statements: str) -> None:
    """The driver takes one statement at a time."""
    for statement in statements.split(";"):
        op.execute(statement)
