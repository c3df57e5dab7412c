"""`credence key`: API keys, shown once and stored hashed."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from app.cli.opening import opened
from app.cli.terminal import Json, out, print_json, run, settings_now
from app.database import Database, database
from app.storage.keys import ApiKey, create_key, list_keys, revoke_key

commands = typer.Typer(no_args_is_help=True, help="API keys and what they may do.")


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.add_typer(commands, name="key")


class Scope(StrEnum):
    """What a key may do."""

    DECIDE = "decide"
    ANALYST = "analyst"
    POLICY = "policy"
    AUDIT = "audit"


@commands.command()
def create(
    scope: Annotated[list[Scope], typer.Option("--scope", help="What the key may do; may be given again.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Whose key it is, for the list.")] = "",
    json: Json = False,
) -> None:
    """Create a key and print it: nobody can read it again."""

    async def story(base: Database) -> None:
        async with opened(base) as services:
            key_id = services.new_id()
            scopes = sorted({each.value for each in scope})
            secret = await create_key(services.engine, key_id, name, scopes, services.now())
        if json:
            print_json({"id": str(key_id), "name": name, "scopes": scopes, "key": secret})
        else:
            out.print(f"{secret}\nid {key_id}, scopes {', '.join(scopes)}. It is not shown again.")

    with database(settings_now()) as base:
        run(story(base))


@commands.command()
def revoke(
    key_id: Annotated[
        UUID, typer.Argument(metavar="ID", help="The key's id, as `credence key list` shows it.")
    ],
    json: Json = False,
) -> None:
    """From now on the key opens nothing."""

    async def story(base: Database) -> None:
        async with opened(base) as services:
            await revoke_key(services.engine, key_id, services.now())
        print_json({"id": str(key_id), "revoked": True}) if json else out.print(f"{key_id} is revoked.")

    with database(settings_now()) as base:
        run(story(base))


@commands.command("list")
def list_command(json: Json = False) -> None:
    """The keys there are, without their secrets."""

    async def story(base: Database) -> None:
        async with opened(base) as services:
            keys = await list_keys(services.engine)
        if json:
            print_json({"items": [_shown(key) for key in keys]})
        for key in [] if json else keys:
            state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "in use"
            out.print(f"{key.id}  {', '.join(sorted(key.scopes))}  {state}  {key.name}", markup=False)

    with database(settings_now()) as base:
        run(story(base))


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": str(key.id),
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
