"""Errors of the store, in one tree.

StorageError
├── DatabaseUnavailable     the database cannot be reached, or the connection was lost
├── NotMigrated             the schema is older than the code, or newer; says what to run
├── MigrationFailed         a migration was refused and left the schema as it was
├── UnknownRecord           no decision, key or conversation of that id
├── DecisionExists          a decision of that id is there already
├── InvalidCursor           a page's cursor that this store did not give out, or gave for another query
├── LeaseLost               the idempotency key was taken over, or its claim is gone: nothing was stored
└── NotResolvable           only a referral is ended by a person
    └── AlreadyResolved     and only once
"""

from uuid import UUID

from decisioning.errors import CredenceError


class StorageError(CredenceError):
    """The root of what the store raises on purpose."""


class DatabaseUnavailable(StorageError):
    """The database cannot be reached, or the connection was lost; what was being written is not."""


class NotMigrated(StorageError):
    """The schema is not the one that this version of the code needs."""


class MigrationFailed(StorageError):
    """A migration was refused, and left the schema as it was."""


class UnknownRecord(StorageError):
    """Nothing of that id is stored."""


class DecisionExists(StorageError):
    """A decision of that id is stored already."""


class InvalidCursor(StorageError):
    """The cursor was not given out for this query."""


class LeaseLost(StorageError):
    """Another request took the idempotency key over, or the claim is gone: nothing was stored."""

    def __init__(self, tokens: frozenset[UUID]) -> None:
        super().__init__("the claim on the idempotency key was lost")
        self.tokens = tokens


class NotResolvable(StorageError):
    """A person ends a referral, and nothing else."""


class AlreadyResolved(NotResolvable):
    """The referral was ended before."""
