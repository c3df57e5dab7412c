"""`credence policy`: the corpus of clauses and their dates."""

import typer

from app.cli import policy_check, policy_embed, policy_ingest, policy_search

commands = typer.Typer(no_args_is_help=True, help="The policy corpus: documents, clauses, and their dates.")
policy_ingest.register(commands)
policy_search.register(commands)
policy_embed.register(commands)
policy_check.register(commands)


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.add_typer(commands, name="policy")
