"""Work that outlives its request: started with a name, seen while it runs, ended with the process."""

import asyncio
from collections.abc import Coroutine, Hashable
from contextvars import Context
from types import TracebackType
from typing import Any, Self

from app.logs import failure, log


class Background:
    """Tasks by name; leaving the context cancels what still runs and waits for it to end."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[object]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def start(self, name: Hashable, work: Coroutine[Any, Any, object]) -> None:
        """Run it; where a work of that name is running already, the new one is dropped."""
        if name in self._running:
            work.close()
            return
        # A fresh context: what outlives its request is no part of the request's trace.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._running[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))

    def is_running(self, name: Hashable) -> bool:
        """Whether work of that name is under way in this process."""
        return name in self._running

    def _ended(self, name: Hashable, task: asyncio.Task[object]) -> None:
        self._running.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", **failure(error))
