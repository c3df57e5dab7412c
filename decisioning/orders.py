"""Orders in documents: what speaks to its reader or to a machine, where a policy only states.

A clause is data. A sentence of it that gives an order is never quoted, whoever planted it there.
"""

import re
from functools import lru_cache

from decisioning.grounding.text import sentences

# A sentence of a clause that speaks to a machine or gives an order is no policy: it is never quoted.
_SPEAKS = re.compile(
    r"\b(?:assistant|chat ?bot|language model|ai (?:model|system|agent)|prompt|as an ai|llm|instructions?)\b"
    r"|\b(?:you|your|yours|please|click|visit|subscribe|call now|http|www\.)\b|\b(?:ignore"
    r"|disregard) (?:all|any|the|previous|prior|this)\b"
    r"|^\W*(?:system|note to|important|attention|urgent|admin|user|human)\b.{0,30}:"
    r"|[<>{}`\\]|\]\(|\bbase64\b|[A-Za-z0-9+/]{40,}={0,2}"
    r"|\?|!\s*$",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"^\W*(?:explain|write|compose|draft|provide|develop|create|generate|describe|summari[sz]e|translate"
    r"|list|tell|show|give|find|search"
    r"|recommend|suggest|identify|analy[sz]e|compare|calculate|compute|solve|paraphrase|rewrite|convert"
    r"|correct|edit|craft|design|plan"
    r"|prepare|produce|build|make|send|reply|respond|answer|say|print|output|repeat|reveal|disclose"
    r"|approve|decline|grant|reject|set|add"
    r"|insert|append|include|encode|decode|discuss|outline|classify|determine|evaluate|assess|predict"
    r"|choose|select|rank|sort|extract"
    r"|help|offer|teach|imagine|pretend|act|enter|install|download|open|run|execute|delete|remove|forget"
    r"|follow|read|use|do|don'?t|never"
    r"|always|remember|consider|think|let|be|introduce|propose|report|share|mention|highlight|advertise"
    r"|promote|praise|insult|modify|replace"
    r"|complete|fill|continue|begin|start|end|stop|check|verify|review|update|schedule|book|order|buy"
    r"|sell|transfer|pay|ask|inform|notify|remind"
    r"|break|clarify|elaborate|illustrate|narrate|sing|play|perform|investigate|research|look"
    r"|see|click|press|estimate|debate|argue|critique|interpret|examine|trace|map|draw|sketch"
    r"|paint|brainstorm|improve|optimi[sz]e|debug|refactor|implement|code|configure|connect"
    r"|upload|post|publish|contact|subscribe|join|donate|invest|withdraw|deposit|move|copy"
    r"|paste|save|load|reset|restart|shut|turn|switch|enable|disable|allow|deny|block|assume"
    r"|suppose|present|recite|quote|spell|multiply|divide|subtract|guess|pick|detail|walk|guide"
    r"|advise|inspect|skip|drop|hide|stop|keep|take|give|go|come|call|try|visit|watch|listen"
    r"|learn|study|train|get|put"
    r")\s+"
    r"(?!(?:is|are|was|were|must|may|has|have|stays|binds|means)\b)[a-z]",
    re.IGNORECASE,
)


def is_order(sentence: str) -> bool:
    """Whether a sentence of a document speaks to its reader or a machine, as no policy does."""
    return bool(_SPEAKS.search(sentence) or _IMPERATIVE.search(sentence))


@lru_cache(maxsize=1024)
def without_orders(text: str) -> str:
    """The text without its sentences that give orders; the same text where it has none."""
    spans = sentences(text)
    kept = [(a, b) for a, b in spans if not is_order(text[a:b])]
    return text if len(kept) == len(spans) else "\n".join(text[a:b] for a, b in kept)
