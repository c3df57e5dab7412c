"""The checker of explanations: sees claims, facts, clauses and text, and never a writer."""

from decisioning.grounding.check import check_sentence
from decisioning.grounding.citations import check_citations, in_force
from decisioning.grounding.focus import check_focus
from decisioning.grounding.pool import Pool
from decisioning.grounding.reasons import missing_reasons
from decisioning.grounding.record import facts_alone, pool_of
from decisioning.grounding.resting import check_source
from decisioning.grounding.verify import SentenceVerdict, Verdict, verify

__all__ = [
    "Pool",
    "SentenceVerdict",
    "Verdict",
    "check_citations",
    "check_focus",
    "check_sentence",
    "check_source",
    "facts_alone",
    "in_force",
    "missing_reasons",
    "pool_of",
    "verify",
]
