"""Dead connections are replaced before they are used, without asking the server each time.

SQLAlchemy's `pool_pre_ping` costs three round trips a checkout on asyncpg (begin, ping, roll back). A server
that ended has closed its sockets, which asyncpg knows without asking; only a connection that was idle for
long may have been forgotten by something on the way, and is asked.
"""

import math
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

ASKED_AFTER_S = 30.0
"""How long a connection may be idle and still be taken for alive."""

_USED = "credence.used"


def replace_dead(engine: AsyncEngine) -> None:
    """From now on no connection of this engine is handed out that is known to be dead."""
    dialect = engine.sync_engine.dialect

    def note_use(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_USED] = time.monotonic()

    def refuse_dead(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("the server closed the connection")
        if time.monotonic() - entry.info.get(_USED, math.inf) > ASKED_AFTER_S:
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                raise DisconnectionError(str(error)) from error

    event.listen(engine.sync_engine, "checkin", note_use)
    event.listen(engine.sync_engine, "checkout", refuse_dead)
