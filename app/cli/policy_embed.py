"""`credence policy embed`: the vectors of another embedding model beside those in use."""

import typer

from app.cli.opening import opened
from app.cli.policy_ingest import progress_bar
from app.cli.terminal import Json, out, print_json, run, settings_now
from app.database import Database, database
from app.wiring import Services
from retrieval.models import Kept, kept, overlap
from retrieval.passages import complete


def register(commands: typer.Typer) -> None:
    """Add the command of this module."""
    commands.command()(embed)


def embed(json: Json = False) -> None:
    """Build the vectors of the model that CREDENCE_EMBEDDING_MODEL names, and tell how far others agree.

    Search goes on meanwhile with the model that the service was started with; a service started with the new
    one searches by it. Cut off, it goes on where it was.
    """

    async def story(base: Database) -> int:
        async with opened(base) as services:
            with progress_bar() as progress:
                task = progress.add_task("embedding", total=None)
                built = await complete(
                    services.engine,
                    services.embedder,
                    lambda done, total: progress.update(task, completed=done, total=total),
                )
            await _tell(services, built, json)
        return 0

    with database(settings_now()) as base:
        run(story(base))


async def _tell(services: Services, built: int, json: bool) -> None:
    name = services.embedder.name
    models = await kept(services.engine)
    shares = {m.name: await overlap(services.engine, name, m.name) for m in models if m.name != name}
    if json:
        told = [{**_model_out(m), "overlap": shares.get(m.name)} for m in models]
        print_json({"model": name, "built": built, "models": told})
        return
    out.print(f"{name}: {built} vectors built", markup=False)
    for model in models:
        share = shares.get(model.name)
        common = "" if share is None else f"; {share:.0%} of the ten nearest in common with {name}"
        line = f"{model.name}: {model.vectors} of {model.passages} passages, {model.dimensions} wide{common}"
        out.print(line, markup=False)


def _model_out(model: Kept) -> dict[str, object]:
    return {
        "name": model.name,
        "dimensions": model.dimensions,
        "vectors": model.vectors,
        "passages": model.passages,
    }
