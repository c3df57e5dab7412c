"""The notice to an applicant: written once from the record, kept as the bytes that went out, said to be sent.

Who applied is read here, when a letter is written, and nowhere else.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.errors import NotAcceptable, NoticeImpossible
from app.replaying import stored_edition
from app.storage.decisions import load_stored
from app.storage.notices import (
    Document,
    StoredNotice,
    begin_letter,
    keep_document,
    load_document,
    load_notice,
)
from app.storage.people import load_applicant, load_sources
from app.storage.resolutions import load_resolution
from app.storage.rows import Applicant
from app.wiring import Services
from decisioning.edition import Edition
from decisioning.errors import FieldProblem
from decisioning.letter import Letter, NoticeKind, Recipient, Unprintable
from decisioning.letter_forms import as_html, as_markdown
from decisioning.model import Decision, Mode, Outcome
from decisioning.notice import Case, notice_of
from decisioning.sources import Source


def _as_pdf(letter: Letter) -> bytes:
    # Imported only here: no service should be ready later for the library that its first PDF needs.
    from decisioning.letter_pdf import as_pdf

    return as_pdf(letter)


FORMS: Final[Mapping[str, Callable[[Letter], bytes]]] = {
    "text/html": lambda letter: as_html(letter).encode(),
    "text/markdown": lambda letter: as_markdown(letter).encode(),
    "application/pdf": _as_pdf,
}
"""What a letter can be printed as, by media type; the first is what whoever accepts anything gets."""


@dataclass(frozen=True)
class _Told:
    """What a notice says was done, and by whom."""

    kind: NoticeKind
    reasons: tuple[str, ...]
    by_person: bool


async def letter_of(services: Services, decision_id: UUID, media_type: str, key_id: UUID | None) -> Document:
    """The letter in that form: the bytes that are kept, or written now and kept.

    Raises UnknownRecord, EvidenceChanged, NoticeImpossible naming each field that the letter needs, and
    NotAcceptable where this form cannot print a character of it.
    """
    kept = await load_document(services.engine, decision_id, media_type)
    if kept is not None and kept.content is not None:
        return kept
    stored = await load_stored(services.engine, decision_id)
    edition = await stored_edition(services, stored)
    decision = stored.decision
    told = await _told(services, decision, edition)
    applicant = _addressed(await load_applicant(services.engine, decision_id))
    if kept is not None:
        raise _impossible("the letter was written, and the person in it was erased since", "applicant")
    written_at = await begin_letter(services.engine, decision_id, services.now())
    sources = await load_sources(services.engine, decision_id)
    letter = notice_of(_case(decision, edition, told, applicant, sources, written_at))
    try:
        content = FORMS[media_type](letter)
    except Unprintable as error:
        raise NotAcceptable(f"{media_type} {error}; accept text/html") from None
    digest = hashlib.sha256(content).digest()
    written = Document(decision_id, media_type, content, digest, written_at, key_id)
    return await keep_document(services.engine, written)


async def state_of(services: Services, decision_id: UUID) -> StoredNotice:
    """When the notice is due, was written and was sent; raises NoticeImpossible where none is asked for."""
    notice = await load_notice(services.engine, decision_id)
    if notice is None:
        stored = await load_stored(services.engine, decision_id)
        raise _impossible(_why_none(stored.decision), "outcome")
    return notice


async def _told(services: Services, decision: Decision, edition: Edition) -> _Told:
    """What the notice of this decision tells; raises NoticeImpossible where it has none."""
    if decision.notice is not None and decision.mode is Mode.LIVE:
        return _Told(decision.notice.kind, tuple(reason.text for reason in decision.reasons), by_person=False)
    resolution = await load_resolution(services.engine, decision.id)
    if decision.mode is Mode.LIVE and resolution and resolution.outcome is Outcome.DECLINE:
        reasons = [edition.catalogue.reasons[code].applicant for code in resolution.reasons]
        return _Told("adverse_action", tuple(reasons), by_person=True)
    raise _impossible(_why_none(decision), "outcome")


def _why_none(decision: Decision) -> str:
    if decision.mode is Mode.SIMULATION:
        return "a simulation is nobody's decision and has no notice"
    if decision.outcome is Outcome.REFER:
        return "a referral has a notice once a person has declined it"
    return f"the outcome {decision.outcome} has no notice"


def _addressed(applicant: Applicant | None) -> Recipient:
    """To whom the letter goes; raises NoticeImpossible naming what is not known of them."""
    name = applicant.name.strip() if applicant else ""
    address = applicant.address.strip() if applicant else ""
    missing = [f"applicant.{field}" for field, value in (("name", name), ("address", address)) if not value]
    if missing:
        raise _impossible("who applied was not given with the application", *missing)
    return Recipient(name, address)


def _case(
    decision: Decision,
    edition: Edition,
    told: _Told,
    applicant: Recipient,
    sources: tuple[Source, ...],
    written_at: datetime,
) -> Case:
    product = edition.product
    written_on = written_at.astimezone(ZoneInfo(product.timezone)).date()
    return Case(
        kind=told.kind,
        decision=decision,
        product=product,
        applicant=applicant,
        reasons=told.reasons,
        missing=tuple(edition.application.fields[name].title for name in decision.missing),
        sources=sources,
        by_person=told.by_person,
        written_on=written_on,
        reply_by=written_on + timedelta(days=product.notice.reply_days),
    )


def _impossible(problem: str, *fields: str) -> NoticeImpossible:
    return NoticeImpossible(problem, tuple(FieldProblem(field, problem) for field in fields))
