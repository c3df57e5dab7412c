"""The door to PostgreSQL: one pool a process."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECT_TIMEOUT_S = 5.0
_STATEMENT_TIMEOUT_S = 30.0
_CHECKOUT_TIMEOUT_S = 5.0


def open_engine(url: str, pool_size: int = 10) -> AsyncEngine:
    """An engine on asyncpg for `postgresql+asyncpg://…` or `postgresql://…`; nothing is connected yet.

    At most `pool_size` connections; who waits longer than 5 s for one is refused.
    """
    return create_async_engine(
        _on_asyncpg(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_CHECKOUT_TIMEOUT_S,
        pool_pre_ping=True,
        connect_args={
            "timeout": _CONNECT_TIMEOUT_S,
            "command_timeout": _STATEMENT_TIMEOUT_S,
            "server_settings": {"application_name": "credence", "timezone": "UTC"},
        },
    )


def _on_asyncpg(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url
