"""Relations between decisions on related applications."""

from collections.abc import Mapping

from evals.relations.moving import MOVING
from evals.relations.pool import Relation, asked
from evals.relations.same import SAME

__all__ = ["RELATIONS", "Relation", "asked"]

RELATIONS: Mapping[str, Relation] = {**SAME, **MOVING}
"""Every relation by its name."""
