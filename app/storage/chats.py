"""Conversations of analysts: turns in order, each with what it was answered from, and feedback."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import refusal_of, single_statements, transaction
from app.storage.errors import UnknownRecord
from app.storage.tables import chat_feedback, chat_turn, conversation


@dataclass(frozen=True)
class Conversation:
    """`decision_id` is the decision that is talked about, if one is."""

    id: UUID
    decision_id: UUID | None
    api_key_id: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class ChatTurn:
    """A question and its answer; `answer` and `evidence` (what it was made from) are JSON text."""

    message: str
    answer: str
    evidence: str
    as_of: date
    trace_id: str
    created_at: datetime


@dataclass(frozen=True)
class Feedback:
    """What an analyst thinks of a conversation."""

    id: UUID
    conversation_id: UUID
    helpful: bool
    note: str | None
    api_key_id: UUID | None
    created_at: datetime


async def open_conversation(engine: AsyncEngine, opened: Conversation) -> None:
    """Start a conversation; raises UnknownRecord where its decision is not stored."""
    unknown = UnknownRecord(f"there is no decision {opened.decision_id}")
    with refusal_of("fk_conversation_decision_id", unknown):
        async with single_statements(engine) as connection:
            await connection.execute(sa.insert(conversation).values(asdict(opened)))


async def load_conversation(
    engine: AsyncEngine, conversation_id: UUID
) -> tuple[Conversation, list[ChatTurn]]:
    """A conversation and its turns so far, in order; raises UnknownRecord."""
    turns = sa.select(*(chat_turn.c[name] for name in ChatTurn.__dataclass_fields__))
    turns = turns.where(chat_turn.c.conversation_id == conversation_id).order_by(chat_turn.c.position)
    select = sa.select(conversation).where(conversation.c.id == conversation_id)
    async with single_statements(engine) as connection:
        found = (await connection.execute(select)).first()
        if found is None:
            raise UnknownRecord(f"there is no conversation {conversation_id}")
        rows = (await connection.execute(turns)).all()
    return Conversation(**found._mapping), [ChatTurn(**row._mapping) for row in rows]


async def append_turn(engine: AsyncEngine, conversation_id: UUID, turn: ChatTurn) -> None:
    """Append a turn; raises UnknownRecord."""
    # Two turns at once take turns: the place of the second is known when the first is there.
    lock = sa.select(conversation.c.id).where(conversation.c.id == conversation_id).with_for_update()
    turns_so_far = sa.select(sa.func.count()).where(chat_turn.c.conversation_id == conversation_id)
    async with transaction(engine) as connection:
        if (await connection.execute(lock)).first() is None:
            raise UnknownRecord(f"there is no conversation {conversation_id}")
        position = (await connection.execute(turns_so_far)).scalar_one() + 1
        row = asdict(turn) | {"conversation_id": conversation_id, "position": position}
        await connection.execute(sa.insert(chat_turn).values(row))


async def put_feedback(engine: AsyncEngine, feedback: Feedback) -> None:
    """Keep it; raises UnknownRecord where there is no such conversation."""
    unknown = UnknownRecord(f"there is no conversation {feedback.conversation_id}")
    with refusal_of("fk_chat_feedback_conversation_id", unknown):
        async with single_statements(engine) as connection:
            await connection.execute(sa.insert(chat_feedback).values(asdict(feedback)))
