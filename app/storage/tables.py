"""The tables of the decision side.

The decision itself is immutable, by trigger; another trigger, `read_record`, sets the columns that repeat
its record and refuses a record that cannot be (the first migration has the rules). What changes with time
(explanation, notice, resolution) and what is somebody's own (applicant, notes, monitoring) has tables of
its own, which no decision read joins.
The migrations are the schema's history; a test holds these tables against them, constraint by constraint.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TIMESTAMP
from sqlalchemy.types import UserDefinedType

from decisioning.model import Mode, Outcome, Reader

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class JsonText(UserDefinedType[str]):
    """A `json` column, written and read as its very text.

    `json` and not `jsonb`: a record comes back byte for byte, with the order of its facts and the
    spelling of its numbers, and its digest is over what is stored.
    """

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The type's name in SQL."""
        return "JSON"

    def bind_expression(self, bindvalue: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        """Text on the way in."""
        return sa.cast(sa.type_coerce(bindvalue, sa.Text), self)

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
        """Text on the way out."""
        return sa.cast(colexpr, sa.Text)


def _one_of(column: str, values: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def _of_decision() -> sa.Column[Any]:
    return sa.Column("decision_id", sa.Uuid, sa.ForeignKey("decision.id"), primary_key=True)


def _by_key() -> sa.Column[Any]:
    return sa.Column("api_key_id", sa.Uuid, sa.ForeignKey("api_key.id"))


def _from_record(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A column that cannot say other than the record: the trigger `read_record` sets it from there."""
    return sa.Column(name, sa.Text, nullable=nullable)


decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _instant("created_at"),
    _instant("received_at"),
    sa.Column("as_of", sa.Date, nullable=False),
    _by_key(),
    sa.Column("corrects", sa.Uuid, sa.ForeignKey("decision.id")),
    _from_record("product"),
    _from_record("mode"),
    _from_record("outcome"),
    _from_record("external_id", nullable=True),
    _from_record("trace_id"),
    sa.Column("record", JsonText, nullable=False),
    sa.Column("inputs", JsonText, nullable=False),
    sa.Column("digest", BYTEA, nullable=False),
    # Pages go by id, newest first: that needs ids in order of time.
    sa.CheckConstraint("substr(id::text, 15, 1) = '7'", name="id_is_uuid7"),
    _one_of("mode", Mode),
    _one_of("outcome", Outcome),
    sa.CheckConstraint("received_at <= created_at", name="received_before_created"),
    sa.CheckConstraint("corrects <> id", name="corrects_another"),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
    sa.Index("ix_decision_product_id", "product", "id"),
    sa.Index("ix_decision_outcome_id", "outcome", "id"),
    sa.Index(
        "ix_decision_external_id_id", "external_id", "id", postgresql_where=sa.text("external_id is not null")
    ),
)

decision_explanation = sa.Table(
    "decision_explanation",
    metadata,
    _of_decision(),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("explanation", JsonText, nullable=False),
    sa.Column("evidence", JsonText),
    _instant("written_at"),
    _one_of("reader", Reader),
    _one_of("status", ("verified", "fallback", "pending")),
    # No constraint looks into the explanation: PostgreSQL cannot where an LLM wrote a NUL character.
    sa.CheckConstraint("(status = 'pending') = (evidence is null)", name="written_has_evidence"),
    sa.Index(
        "ix_decision_explanation_written_at", "written_at", postgresql_where=sa.text("status = 'pending'")
    ),
)

decision_notice = sa.Table(
    "decision_notice",
    metadata,
    _of_decision(),
    sa.Column("kind", sa.Text, nullable=False),
    _instant("due_at"),
    _instant("sent_at", nullable=True),
    sa.Column("channel", sa.Text),
    _instant("written_at", nullable=True),
    _one_of("kind", ("adverse_action", "counter_offer", "incompleteness")),
    sa.CheckConstraint("(sent_at is null) = (channel is null)", name="sent_by_a_channel"),
    sa.Index("ix_decision_notice_due_at", "due_at", postgresql_where=sa.text("sent_at is null")),
)

notice_document = sa.Table(
    "notice_document",
    metadata,
    _of_decision(),
    sa.Column("media_type", sa.Text, primary_key=True),
    # Null once the person was erased; the hash stays.
    sa.Column("content", BYTEA),
    sa.Column("sha256", BYTEA, nullable=False),
    _instant("written_at"),
    _by_key(),
    _one_of("media_type", ("text/html", "text/markdown", "application/pdf")),
    sa.CheckConstraint("sha256 = sha256(content)", name="hash_is_of_the_content"),
)

decision_resolution = sa.Table(
    "decision_resolution",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("decision_id", sa.Uuid, sa.ForeignKey("decision.id"), nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reasons", ARRAY(sa.Text), nullable=False),
    sa.Column("note", sa.Text),
    _by_key(),
    _instant("created_at"),
    # A referral is ended once.
    sa.UniqueConstraint("decision_id"),
    _one_of("outcome", (Outcome.APPROVE, Outcome.DECLINE)),
    sa.CheckConstraint("outcome <> 'decline' or cardinality(reasons) > 0", name="declined_has_a_reason"),
)

applicant = sa.Table(
    "applicant",
    metadata,
    _of_decision(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
)

applicant_note = sa.Table(
    "applicant_note", metadata, _of_decision(), sa.Column("note", sa.Text, nullable=False)
)

decision_source = sa.Table(
    "decision_source", metadata, _of_decision(), sa.Column("sources", JsonText, nullable=False)
)

monitoring = sa.Table(
    "monitoring",
    metadata,
    _of_decision(),
    sa.Column("age", sa.SmallInteger),
    sa.Column("marital", sa.Text),
    sa.CheckConstraint("age between 0 and 150", name="age_is_possible"),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", BYTEA, nullable=False, unique=True),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    _instant("created_at"),
    _instant("revoked_at", nullable=True),
    sa.CheckConstraint("octet_length(hash) = 32", name="hash_is_sha256"),
    sa.CheckConstraint(
        "cardinality(scopes) > 0 and scopes <@ array['decide', 'analyst', 'policy', 'audit']",
        name="scopes_known",
    ),
    sa.CheckConstraint("revoked_at >= created_at", name="revoked_after_created"),
)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    # The API key's id, or '' with authentication off.
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("product", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_sha256", BYTEA, nullable=False),
    sa.Column("token", sa.Uuid, nullable=False),
    _instant("leased_until"),
    sa.Column("decision_id", sa.Uuid, sa.ForeignKey("decision.id")),
    # Empty where it is the decision's own record.
    sa.Column("response", BYTEA),
    _instant("finished_at", nullable=True),
    sa.CheckConstraint("length(key) between 1 and 255", name="key_length"),
    sa.CheckConstraint("octet_length(body_sha256) = 32", name="body_is_sha256"),
    sa.CheckConstraint(
        "num_nulls(decision_id, response, finished_at) in (0, 3)", name="finished_whole_or_not_at_all"
    ),
    sa.Index("ix_idempotency_key_leased_until", "leased_until"),
)

artefact = sa.Table(
    "artefact",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content", JsonText, nullable=False),
    sa.CheckConstraint("digest ~ '^[0-9a-f]{16,64}$'", name="digest_is_hexadecimal"),
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("decision_id", sa.Uuid, sa.ForeignKey("decision.id")),
    _by_key(),
    _instant("created_at"),
)

chat_turn = sa.Table(
    "chat_turn",
    metadata,
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversation.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("answer", JsonText, nullable=False),
    sa.Column("evidence", JsonText, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("trace_id", sa.Text, nullable=False),
    _instant("created_at"),
    sa.CheckConstraint("position >= 1", name="position_from_one"),
)

chat_feedback = sa.Table(
    "chat_feedback",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text),
    _by_key(),
    _instant("created_at"),
)

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _instant("created_at"),
    _by_key(),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", JsonText, nullable=False),
    sa.Index("ix_audit_event_subject_id", "subject", "id"),
)
