"""Answers to LiteLLM that end: what a provider sends beyond a limit is not read.

LiteLLM gathers a body before anybody may look at it; a provider, or whoever answers in its place, could
fill this process's memory with it. The limit holds for every provider that speaks OpenAI's protocol: the
others have a client of their own, and our deadline alone.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from weakref import WeakKeyDictionary

import httpx

LONGEST_ANSWER_BYTES: Final = 8 << 20
"""64 vectors of 3,072 numbers are 3 MB as JSON; 2,000 tokens are far less."""


class CappedTransport(httpx.AsyncBaseTransport):
    """httpx's own transport, one for each event loop, whose answers break off beyond the limit."""

    def __init__(self, longest: int = LONGEST_ANSWER_BYTES) -> None:
        self._longest = longest
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncHTTPTransport]
        self._by_loop = WeakKeyDictionary()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = httpx.AsyncHTTPTransport()
        response = await self._by_loop[loop].handle_async_request(request)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Capped(response.stream, self._longest)
        return response

    async def aclose(self) -> None:
        """Close this event loop's connections; the next request opens new ones."""
        transport = self._by_loop.pop(asyncio.get_running_loop(), None)
        if transport is not None:
            await transport.aclose()


class CappedClient(httpx.AsyncClient):
    """A client for the whole process. Closing it closes this event loop's connections, and no more.

    LiteLLM keeps clients of its own around it and closes them when it likes.
    """

    def __init__(self) -> None:
        self._capped = CappedTransport()
        super().__init__(transport=self._capped)

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        await self._capped.aclose()


class _Capped(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, longest: int) -> None:
        self._stream = stream
        self._left = longest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx.RemoteProtocolError("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
