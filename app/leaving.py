"""A caller that hangs up ends the work that was done for it."""

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive


class UntilCallerLeaves:
    """Run what is inside for as long as the caller waits.

    When the connection closes, whatever is awaited inside is cancelled and ClientDisconnect is raised.
    The request's body must have been read: from then on the server has nothing else to tell.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("runs inside a task only")
        self._task = task
        self._watcher = asyncio.create_task(self._watch())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._watcher.cancel()
        del self._watcher  # it holds us: a circle would wait for the garbage collector
        if self._left and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise ClientDisconnect from error

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._task.cancel()
