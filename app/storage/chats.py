"""Conversations of analysts: turns in order, each with what it was answered from, and feedback."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
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


async def erase_conversation(engine: AsyncEngine, conversation_id: UUID) -> bool:
    """Delete a conversation with its turns and what was said of it; whether there was one."""
    mine = {table: table.c.conversation_id == conversation_id for table in (chat_feedback, chat_turn)}
    async with transaction(engine) as connection:
        for table, own in mine.items():
            await connection.execute(sa.delete(table).where(own))
        gone = await connection.execute(sa.delete(conversation).where(conversation.c.id == conversation_id))
    return gone.rowcount > 0


async def conversations_of(engine: AsyncEngine, decision_id: UUID) -> list[UUID]:
    """The conversations about a decision, oldest first."""
    select = sa.select(conversation.c.id).where(conversation.c.decision_id == decision_id)
    async with single_statements(engine) as connection:
        return list((await connection.execute(select.order_by(conversation.c.id))).scalars())


async def load_feedback(engine: AsyncEngine) -> list[tuple[Feedback, ChatTurn]]:
    """All feedback, oldest first, each with the last turn that had been answered when it was given."""
    columns = [chat_turn.c[name].label(f"turn_{name}") for name in ChatTurn.__dataclass_fields__]
    joined = chat_feedback.join(chat_turn, chat_turn.c.conversation_id == chat_feedback.c.conversation_id)
    select = sa.select(chat_feedback, *columns).select_from(joined).ext(distinct_on(chat_feedback.c.id))
    select = select.where(chat_turn.c.created_at <= chat_feedback.c.created_at)
    select = select.order_by(chat_feedback.c.id, chat_turn.c.position.desc())
    async with single_statements(engine) as connection:
        rows = (await connection.execute(select)).mappings().all()
    return [_with_turn(row) for row in rows]


def _with_turn(row: sa.RowMapping) -> tuple[Feedback, ChatTurn]:
    feedback = Feedback(**{name: row[name] for name in Feedback.__dataclass_fields__})
    return feedback, ChatTurn(**{name: row[f"turn_{name}"] for name in ChatTurn.__dataclass_fields__})
