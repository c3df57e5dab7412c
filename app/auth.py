"""Who asks, and whether they may: Bearer keys with scopes, or anybody on this machine with auth off.

With auth off a request must have come to a loopback address and name it so in `Host`: a page in a
browser that was led here under another name (DNS rebinding) is refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request

from app.errors import Forbidden, TooManyRequests, Unauthenticated
from app.settings import is_loopback
from app.storage.keys import find_key
from app.wiring import services_of


class Scope(StrEnum):
    """What a key may do."""

    DECIDE = "decide"
    ANALYST = "analyst"
    POLICY = "policy"
    AUDIT = "audit"


@dataclass(frozen=True)
class Caller:
    """Who asks; `key_id` is None with auth off."""

    key_id: UUID | None
    scopes: frozenset[Scope]

    def require(self, *any_of: Scope) -> None:
        """Raise Forbidden unless the caller has one of these scopes."""
        if self.scopes.isdisjoint(any_of):
            raise Forbidden(f"the API key needs the scope {' or '.join(any_of)}")


ANYBODY: Final = Caller(None, frozenset(Scope))


async def caller_of(request: Request) -> Caller:
    """Who makes this request; raises Unauthenticated, TooManyRequests, or Forbidden from elsewhere
    with auth off.
    """
    services = services_of(request)
    if not services.settings.auth_required:
        _only_from_here(request)
        return ANYBODY
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("send an API key as Authorization: Bearer KEY")
    key = await find_key(services.engine, secret.strip())
    if key is None:
        raise Unauthenticated("this API key is not known, or was revoked")
    if wait_s := services.rates.take(key.id):
        services.metrics.refused.labels("key too often").inc()
        raise TooManyRequests(wait_s)
    return Caller(key.id, frozenset(map(Scope, key.scopes)))


def needs(*any_of: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A FastAPI dependency: the caller, who has one of these scopes."""

    async def caller(request: Request) -> Caller:
        found = await caller_of(request)
        found.require(*any_of)
        return found

    return caller


Analyst = Annotated[Caller, Depends(needs(Scope.ANALYST))]
Auditor = Annotated[Caller, Depends(needs(Scope.AUDIT))]
PolicyOwner = Annotated[Caller, Depends(needs(Scope.POLICY))]


def _only_from_here(request: Request) -> None:
    server = request.scope.get("server")
    host = request.headers.get("host", "localhost")
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    if not (server is None or server[1] is None or is_loopback(server[0])) or not is_loopback(name):
        raise Forbidden("authentication is off: only this machine may ask")
