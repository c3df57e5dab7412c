"""`credence db`: the schema's migrations and the database's address."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.terminal import Json, out, print_json, run, settings_now
from app.database import database
from app.storage.engine import open_engine
from app.storage.migrate import current, downgrade, upgrade

commands = typer.Typer(no_args_is_help=True, help="Migrations, and the database's address.")


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.add_typer(commands, name="db")


@commands.command("upgrade")
def upgrade_command(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="Up to which revision.")] = "head",
    json: Json = False,
) -> None:
    """Bring the schema up to date; nothing happens where it is already."""
    _migrate(lambda engine: upgrade(engine, revision), json)


@commands.command("downgrade")
def downgrade_command(
    revision: Annotated[
        str, typer.Argument(metavar="REVISION", help="Down to which revision; base removes everything.")
    ] = "-1",
    json: Json = False,
) -> None:
    """Take the schema back by one revision, or to the one named."""
    _migrate(lambda engine: downgrade(engine, revision), json)


@commands.command("url")
def url_command(json: Json = False) -> None:
    """Print the database's address; the embedded one answers while a command or the service runs."""
    with database(settings_now()) as base:
        url = str(base.settings.database_url)
        if base.embedded is not None:  # as any client of PostgreSQL reads it, without the driver's name
            url = url.replace("postgresql+asyncpg:", "postgresql:", 1)
        print_json({"url": url}) if json else out.print(url, markup=False)


def _migrate(step: Callable[[AsyncEngine], Awaitable[None]], json: bool) -> None:
    async def story(url: str) -> None:
        engine = open_engine(url, pool_size=1)
        try:
            await step(engine)
            revisions = sorted(await current(engine))
        finally:
            await engine.dispose()
        shown = ", ".join(revisions) or "nothing"
        print_json({"revisions": revisions}) if json else out.print(f"The schema is at {shown}.")

    with database(settings_now()) as base:
        run(story(str(base.settings.database_url)))
