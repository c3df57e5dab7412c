"""Explanations and chat answers of production with a language model, recorded to be counted and read.

`python -m evals.words.with_model run --out FILE` asks the model that CREDENCE_LLM_MODEL, _API_BASE and
_API_KEY name, through production's own door, prompts, check and rewriting; run again it goes on where it
was stopped. `… table FILE` prints what became of its words, `… sentences FILE` each of them.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from app.answering import answer_turn, scene_of
from app.clients.llm import open_language_model
from app.explaining import explanation_of
from app.logs import configure_logs
from app.metrics import Metrics
from app.schemas import ChatRequest
from app.settings import Settings, load_settings
from app.wiring import Services
from decisioning.model import Problem, Reader, Sentence
from evals.bench import cache_of, opened, surroundings
from evals.frame import Options
from evals.ids import NOW
from evals.words.with_model.asked import Work, work
from evals.words.with_model.heard import Heard
from evals.words.with_model.recording import line_of, recordings
from evals.words.with_model.table import listed, table

CALL_S = 240.0
LONGEST_S = 600.0


async def run(out: Path, decisions: int, questions: int, call_s: float, at_once: int) -> None:
    """Asks what is not recorded yet, a line each as it comes."""
    settings = load_settings(database_url=None, explain_timeout_s=LONGEST_S)
    if settings.llm_model is None:
        raise SystemExit("CREDENCE_LLM_MODEL names no model")
    known = {each.id for each in recordings(out)}
    async with AsyncExitStack() as stack:
        quiet = settings.model_copy(update={"llm_model": None})
        options = await stack.enter_async_context(surroundings(Options(settings.home / "evals"), quiet))
        answers = cache_of(options)
        stack.callback(answers.close)
        services = await stack.enter_async_context(opened(options, answers))
        left = [item for item in await work(services, decisions, questions) if item.id not in known]
        asker = _Asker(services, settings, out, call_s, iter(left), len(left))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(asker.ask())


@dataclass
class _Asker:
    """Takes item after item off a list that it may share with others of its kind."""

    services: Services
    settings: Settings
    out: Path
    call_s: float
    left: Iterator[Work]
    of: int
    done: int = 0

    async def ask(self) -> None:
        """Until nothing is left. The metrics are its own, so that tokens are those of its calls."""
        metrics = Metrics()
        async with open_language_model(self.settings, metrics) as model:
            if model is None:
                raise SystemExit("no language model was opened")
            for item in self.left:
                heard = Heard(model, metrics, self.call_s)
                line = await recorded(replace(self.services, language_model=heard), item, heard)
                with self.out.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
                self.done += 1
                spent = sum(call.seconds for call in heard.calls)
                told = f"{self.done} of {self.of}: {item.id}: {len(heard.calls)} calls, {spent:.0f} s"
                print(told, flush=True)


async def recorded(services: Services, item: Work, heard: Heard) -> str:
    """One explanation or answer, asked as production is asked."""
    sentences, problems = await (_explained if item.question is None else _answered)(services, item)
    facts = {
        "id": item.id,
        "kind": item.kind,
        "row": item.row,
        "as_of": str(item.decision.as_of if item.decision else NOW.date()),
        "outcome": item.decision.outcome.value if item.decision else None,
        "question": item.question,
    }
    return line_of(facts, heard.calls, sentences, problems)


_Words = tuple[tuple[Sentence, ...], tuple[Problem, ...]]


async def _explained(services: Services, item: Work) -> _Words:
    if item.decision is None:
        raise ValueError("an explanation is of a decision")
    made = await explanation_of(services, item.decision.id, item.reader or Reader.ANALYST)
    return made.sentences, made.problems


async def _answered(services: Services, item: Work) -> _Words:
    about = item.decision.id if item.decision else None
    request = ChatRequest(message=item.question or "", decision_id=about)
    turn = await answer_turn(services, request, await scene_of(services, request, None))
    return turn.answer.sentences, turn.answer.problems


def main() -> int:
    """Run, or print what a run gave."""
    options = argparse.ArgumentParser(prog="python -m evals.words.with_model", description=__doc__)
    commands = options.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="ask the model and record")
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--decisions", type=int, default=50)
    running.add_argument("--questions", type=int, default=50)
    running.add_argument("--call-s", type=float, default=CALL_S, help="seconds that a call may take")
    running.add_argument("--at-once", type=int, default=1, help="calls under way at the same time")
    printed: dict[str, Callable[..., str]] = {"table": table, "sentences": listed}
    for name in printed:
        commands.add_parser(name).add_argument("file", type=Path)
    asked = options.parse_args()
    if asked.command == "run":
        configure_logs("error")
        asyncio.run(run(asked.out, asked.decisions, asked.questions, asked.call_s, asked.at_once))
    else:
        print(printed[asked.command](recordings(asked.file)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
