"""One turn of the analyst's chat: quotes the policy in force and tells what a decision's record says.

It takes no decision, changes none and promises none. Without a language model it finds the claims
and the clauses that the question asks for and quotes them; with one it words the same, and what the
checker refuses never leaves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from decisioning.answer_drafts import Drafted, answer_prompt, answer_schema, answer_system, drafted
from decisioning.claims import Claim, claims_of
from decisioning.errors import DependencyFailed
from decisioning.explain import NO_TITLES
from decisioning.grounding import Pool, check_sentence, check_source, facts_alone, in_force, pool_of
from decisioning.model import Citation, Decision, Frozen, Problem, Reader, Sentence, Writer
from decisioning.ports import Clause, ClauseSearch, LanguageModel, Stopwatch
from decisioning.question import Asked, asked, carries, wanted_claims, wanted_facts
from decisioning.quotes import citation_for, citations_of
from decisioning.titles import Told
from decisioning.wording import capitalised, listed, written, written_date
from decisioning.writer import sentence as deterministic

MAX_QUESTION_CHARACTERS = 4000
_LEAST_S = 0.2
_SEARCHED = 8
_QUOTED = 3
_NO_CHANGE = "This chat explains decisions and quotes the policy; it does not take, change or promise one."


class Answer(Frozen):
    """What leaves: checked sentences, and the day whose policy they quote; `problems` was thrown away."""

    answer: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    as_of: date
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Turn:
    """What one answer may rest on: claims and facts of the record, clauses that answer, the nearest ones."""

    asked: Asked
    told: Told | None
    claims: tuple[Claim, ...]
    facts: tuple[str, ...]
    answering: tuple[Clause, ...]
    nearest: tuple[Clause, ...]
    named: Mapping[str, Clause]
    as_of: date
    pool: Pool


async def answer(
    question: str,
    clauses: ClauseSearch,
    language_model: LanguageModel | None,
    *,
    as_of: date,
    document: str,
    stopwatch: Stopwatch,
    known_at: datetime | None = None,
    decision: Decision | None = None,
    today: date | None = None,
    titles: Mapping[str, str] = NO_TITLES,
) -> Answer:
    """The answer to an analyst's question, from the policy in force and the decision's record.

    With a decision it answers as of that decision's day, and says when a quoted clause reads otherwise
    `today`. Where neither the record nor a clause answers, it abstains and names the nearest clauses.
    Raises ValueError for an empty question or one longer than MAX_QUESTION_CHARACTERS, and
    DependencyFailed("retrieval") where the corpus cannot be asked.
    """
    read = asked(question, MAX_QUESTION_CHARACTERS)
    day = decision.as_of if decision else as_of
    if read.wants_change:
        return Answer(answer=_NO_CHANGE, abstained=True, sentences=(), as_of=day)
    with stopwatch.stage("retrieve"):
        told = Told(decision, titles) if decision else None
        turn = await _gather(read, clauses, told, day, document, known_at)
    sentences, problems = await _worded(turn, language_model, stopwatch)
    if not sentences:
        return _abstained(turn, problems)
    changed = await _changed(sentences, clauses, day, today, document)
    whole = (*sentences, *changed)
    text = " ".join(s.text for s in whole)
    return Answer(answer=text, abstained=False, sentences=whole, as_of=day, problems=problems)


async def _gather(
    read: Asked,
    clauses: ClauseSearch,
    told: Told | None,
    day: date,
    document: str,
    known_at: datetime | None,
) -> _Turn:
    decision = told.decision if told else None
    every = claims_of(decision) if decision else ()
    claims = wanted_claims(read, every)
    facts = wanted_facts(read, decision, claims) if decision else ()
    names = list(dict.fromkeys((*read.clauses, *(n for c in claims for n in c.clauses))))
    named = {
        n: c for n, c in (await clauses.named(document, names, day, known_at)).items() if in_force(c, day)
    }
    hits = await clauses.search(read.text, as_of=day, known_at=known_at, document=document, k=_SEARCHED)
    near = tuple(h.clause for h in hits if in_force(h.clause, day))
    answering = _answering(read, named, near, told=bool(claims or facts))
    texts = {c.clause: c.text for c in (*named.values(), *answering, *near[:_QUOTED])}
    pool = pool_of(told.decision, every, texts, titles=told.titles) if told else facts_alone({}, texts)
    return _Turn(read, told, claims, facts, answering, near[:_QUOTED], named, day, pool)


def _answering(
    read: Asked, named: Mapping[str, Clause], near: tuple[Clause, ...], *, told: bool
) -> tuple[Clause, ...]:
    """The clauses to quote: those that the question names, else those that carry it.

    Where the record already tells, the policy is quoted beside it only if it was asked for.
    """
    own = [named[n] for n in read.clauses if n in named]
    if own or (told and not read.of_policy):
        return tuple(own)
    return tuple(c for c in near if carries(read, c))[:_QUOTED]


async def _worded(
    turn: _Turn, model: LanguageModel | None, stopwatch: Stopwatch
) -> tuple[tuple[Sentence, ...], tuple[Problem, ...]]:
    problems: list[Problem] = []
    if model is not None and (turn.claims or turn.facts or turn.answering):
        found = await _asked_of(model, turn, stopwatch, problems)
        if found:
            return found, tuple(problems)
    with stopwatch.stage("verify"):
        plain = tuple(s for s in _plain(turn) if _passes(s, turn, problems))
    return plain, tuple(dict.fromkeys(problems))


async def _asked_of(
    model: LanguageModel, turn: _Turn, stopwatch: Stopwatch, problems: list[Problem]
) -> tuple[Sentence, ...]:
    """The model's sentences that pass; none where it fails or writes nothing that does."""
    shown = tuple({c.clause: c for c in (*turn.answering, *turn.named.values())}.values())
    sources = [*(c.id for c in turn.claims), *(c.clause for c in shown)]
    if not sources or stopwatch.remaining_s() < _LEAST_S:
        return ()
    prompt = answer_prompt(turn.asked.text, turn.as_of, turn.told, turn.claims, shown)
    with stopwatch.stage("generate"):
        try:
            raw = await model.write(answer_system(), prompt, answer_schema(sources), stopwatch.remaining_s())
        except DependencyFailed:
            return ()
    with stopwatch.stage("verify"):
        drafts = drafted(raw)
        if drafts is None:
            problem = "the language model did not answer with the JSON that was asked for"
            problems.append(Problem(sentence=None, code="llm_output", problem=problem))
        made = (_drafted(d, turn) for d in drafts or ())
        return tuple(s for s in made if s is not None and _passes(s, turn, problems))


def _drafted(draft: Drafted, turn: _Turn) -> Sentence | None:
    text = " ".join(draft.text.split())
    claim = next((c for c in turn.claims if c.id == draft.source), None)
    if claim is not None and turn.told is not None:
        return _of_claim(claim, turn.told, turn, text, Writer.LLM)
    clause = next((c for c in (*turn.answering, *turn.named.values()) if c.clause == draft.source), None)
    return (
        _sentence(text, f"clause:{clause.clause}", (citation_for(clause, text),), Writer.LLM)
        if clause
        else None
    )


def _plain(turn: _Turn) -> Iterator[Sentence]:
    """The claims, the facts and the clauses that the question asks for, in plain sentences."""
    told = turn.told
    if told is not None:
        for claim in turn.claims:
            yield _of_claim(claim, told, turn, deterministic(claim, told, Reader.ANALYST))
        for name in turn.facts:
            fact = told.decision.facts[name]
            value = written(fact.value, fact.unit, told.currency)
            text = capitalised(f"the {told.name(name, fact.unit)} is {value}.")
            yield _sentence(text, f"fact:{name}", (), facts=(name,))
    for clause in turn.answering:
        cited = citation_for(clause, turn.asked.text)
        yield _sentence(f'{clause.clause} says: "{cited.quote}"', f"clause:{clause.clause}", (cited,))


def _of_claim(
    claim: Claim, told: Told, turn: _Turn, text: str, writer: Writer = Writer.DETERMINISTIC
) -> Sentence:
    cited = [turn.named[n] for n in claim.clauses if n in turn.named]
    citations = citations_of(claim, told.decision, cited, text)
    return _sentence(text, claim.id, citations, writer, claim.facts)


def _sentence(
    text: str,
    claim: str,
    citations: tuple[Citation, ...],
    writer: Writer = Writer.DETERMINISTIC,
    facts: tuple[str, ...] = (),
) -> Sentence:
    own = Writer.LLM if writer is Writer.LLM else Writer.DETERMINISTIC
    return Sentence(text=text, writer=own, claim=claim, facts=facts, citations=citations)


def _passes(sentence: Sentence, turn: _Turn, problems: list[Problem]) -> bool:
    source = sentence.claim.removeprefix("clause:") if sentence.claim.startswith("clause:") else None
    wrong = (*check_sentence(sentence.text, turn.pool), *check_source(sentence.text, source, turn.pool))
    problems += wrong
    return not wrong


async def _changed(
    sentences: tuple[Sentence, ...], clauses: ClauseSearch, day: date, today: date | None, document: str
) -> tuple[Sentence, ...]:
    """One sentence that names the quoted clauses whose text is another today, if there are any."""
    quoted = {c.clause: c for s in sentences for c in s.citations}
    if today is None or today == day or not quoted:
        return ()
    then = await clauses.named(document, list(quoted), day)
    now = await clauses.named(document, list(quoted), today)
    other = [n for n in quoted if n not in now or (n in then and now[n].text != then[n].text)]
    if not other:
        return ()
    text = f"The policy in force on {written_date(today)} reads otherwise in {listed(other)}."
    return (_sentence(text, "changed", ()),)


def _abstained(turn: _Turn, problems: tuple[Problem, ...]) -> Answer:
    text = f"The policy in force on {written_date(turn.as_of)} does not answer this."
    if turn.nearest:
        names = [f"{c.clause} ({c.heading})" if c.heading else c.clause for c in turn.nearest]
        text += f" The nearest clauses are {listed(names)}."
    citations = tuple(citation_for(c, turn.asked.text) for c in turn.nearest)
    sentence = _sentence(text, "abstained", citations)
    return Answer(answer=text, abstained=True, sentences=(sentence,), as_of=turn.as_of, problems=problems)
