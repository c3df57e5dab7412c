"""Reads an analyst's question: what it is after, of a decision or of the policy, and what it asks of us."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from decisioning.chat.dates import Days, days_in
from decisioning.chat.vocabulary import listed
from decisioning.grounding.lexicon import is_neutral, is_stop
from decisioning.grounding.text import Word, words
from decisioning.numbers import Kind, Quantity, quantities

MAX_QUESTION_CHARACTERS = 4000

# What a question is after; one may be after several things.
INTENTS: tuple[tuple[str, str], ...] = (
    (
        "changed",
        r"\bchang(?:ed|es?)\b(?! the (?:outcome|decision|result))|\bdiffer(?:s|ed|ent|ence|ences)?\b"
        r"|\bamend\w*|\bnew (?:in|since)\b"
        r"|\brevis(?:ed|ion)\b|\bwhat(?:'s| is) new\b|\bused to be\b|\bdiff\b|\bcompare\b",
    ),
    (
        "timing",
        r"\bhow long did (?:it|this|the (?:decision|scoring|pricing|model|retrieval|whole)|that)\b"
        r"|\btrace\b|\btimings?\b"
        r"|\bhow (?:fast|slow|quick\w*) was\b|\blatency\b|\bmilliseconds\b|\bdurations?\b",
    ),
    (
        "versions",
        r"\bwhich (?:version|edition|model|scorecard|rules? version|policy edition|policy version|llm"
        r"|prompt)\b"
        r"|\bversions?\b|\bwhat (?:edition|version|model)\b|\bunder which policy\b|\bas of which (?:date"
        r"|day)\b",
    ),
    (
        "counterfactual",
        r"\bwhat (?:would|could) (?:the|be the) (?:largest|highest|biggest|maximum|longest)"
        r" (?:amount|term|loan)\b"
        r"|\bwhat would (?:change|flip|turn|alter|make|it take|have to|need to)\b|\bwhat (?:would|could"
        r"|must|should) (?:have to )?"
        r"(?:be different|change)\b|\bhow could (?:it|this|the application|he|she|they"
        r"|the applicant) (?:be|get|have been)\b"
        r"|\b(?:largest|highest|biggest|maximum|longest|smallest) (?:amount|term"
        r"|loan) (?:that )?(?:would|could|can) be"
        r"|\bcounterfactuals?\b|\bwhat(?:'s| is) needed (?:for|to get) (?:an )?approv\w+"
        r"|\bwhat does it take\b",
    ),
    (
        "who",
        r"\bwho (?:must|has to|should|will|can|may|needs to|is to)?\s*(?:now )?(?:decides?|look|review"
        r"|sign|approve|handle|take)\w*"
        r"|\bwhose (?:desk|authority|decision)\b|\bwho is (?:it )?(?:referred|passed) to\b"
        r"|\breferred to whom\b"
        r"|\bto whom (?:is|was) (?:it|this) referred\b",
    ),
    (
        "why",
        r"\bwhy\b|\bsummar\w+"
        r"|\breasons?\b|\bbecause\b|\bcause[sd]?\b|\bhow come\b|\bon what (?:basis|grounds?)\b"
        r"|\bwhat went wrong\b"
        r"|\bexplain (?:the|this|that) (?:decision|outcome|decline|referral|result)\b|\bwhat led to\b"
        r"|\bwhat (?:tipped|drove|decided)\b|\bgrounds? (?:for|of)\b|\bmain factors?\b|\bjustif\w+",
    ),
    (
        "outcome",
        r"\boutcome\b|\bresult\b|\bdecided\b|\bdecision\b|\bstatus\b|\bapproved\b|\bdeclin(?:ed|e)\b"
        r"|\brefused\b|\brejected\b"
        r"|\breferred\b|\bturned down\b|\bverdict\b|\baccepted\b|\bgranted\b|\bhow did (?:it|this) end\b"
        r"|\bsummar\w+",
    ),
    ("score", r"\bscor(?:e|ed|es|ing)\b|\bpoints\b|\bcut-?\s?off\b|\bgr[ae]y zone\b|\bscorecard\b"),
    (
        "price",
        r"\bpric(?:e|ed|ing)\b|\brates?\b|\bapr\b|\binterest\b|\binstal+ments?\b|\bmonthly payment\b"
        r"|\btier\b|\bcosts?\b"
        r"|\boffer\w*\b|\bpayable\b|\brepay\w*|\bpays?\b",
    ),
    (
        "condition",
        r"\bconditions?\b|\bconditional\b|\bsubject to\b|\bbefore (?:pay-?out|payment)\b"
        r"|\bstrings attached\b",
    ),
    ("missing", r"\bmissing\b|\bincomplete\b|\black\w*\b|\bcomplete\b|\bstill need\w*\b"),
    (
        "next",
        r"\bnext\b|\bnow what\b|\bdeadline\b|\bnotice\b|\bdue\b|\bexpir\w+\b|\bvalid\b|\bfall due\b"
        r"|\bby when\b"
        r"|\buntil when\b|\bhow long (?:is|does) the offer\b",
    ),
    ("failure", r"\bfail\w*\b|\boutage\b|\bdown\b|\bunavailable\b|\berrors?\b|\bwent wrong\b"),
    (
        "clauses",
        r"\b(?:which|what) (?:clauses?|rules?|sections?|provisions?|limits?)\b|\bciting\b|\bcited\b"
        r"|\bcites?\b",
    ),
)
_POLICY = re.compile(
    r"\b(?:polic(?:y|ies)|manual|limits?|maximum|minimum|max|min|highest|lowest|longest|shortest|largest"
    r"|smallest"
    r"|at most|at least|allow\w*|permit\w*|require\w*|may (?:we|an?|the|i|he|she)|can (?:we|an?|i)"
    r"|must (?:we|an?|the)|should we"
    r"|do we|does the (?:lender|manual|policy)|say|says|treat\w*|what happens (?:if|when|to|with)"
    r"|in general|generally"
    r"|an (?:application|applicant|offer|approval|exception)|a (?:loan|score|referral|notice|decision"
    r"|complaint)"
    r"|applicants|applications|loans|define|definition|mean(?:s|ing)?|count as|counts as)\b",
    re.IGNORECASE,
)
_THIS = re.compile(
    r"\b(?:this|the|that|his|her|their|its) (?:\w+ ){0,2}(?:application|applicant|case|decision|loan"
    r"|file|customer|borrower"
    r"|score|rate|offer|instalment|income|debt|amount|reasons?|conditions?|outcome|decline|referral"
    r"|approval)\b"
    r"|\b(?:it|this|he|she|they|him|her|them)\b|\bwas (?:it|this|he|she)\b|\bhere\b",
    re.IGNORECASE,
)
# Words with which one asks; they need no clause that carries them.
_ASKING = listed("asking")
_BOUND_UP = re.compile(
    r"\b(?:max(?:imum)?|highest|longest|largest|biggest|most|ceiling|cap|capped|upper|exceed\w*|over"
    r"|above|beyond|more than|up to|too|how (?:long|much|high))\b",
    re.IGNORECASE,
)
_BOUND_DOWN = re.compile(
    r"\b(?:min(?:imum)?|lowest|shortest|smallest|least|floor|lower|small|below|under|less than|needed"
    r"|need|required|cut-?\s?off)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:limits?|max(?:imum)?|min(?:imum)?|highest|lowest|longest|shortest|largest|smallest|biggest"
    r"|ceiling|cap"
    r"|floor|at most|at least|thresholds?|cut-?\s?off|exceed\w*|how (?:long|much|high|low)|above|below"
    r"|over|under|from (?:what|which)"
    r"|needed|required|allowed|possible|can we|may we|what score|which score|too (?:high|low|long|short"
    r"|much|little|small|big|large)|up to|how small|how many months|boundar\w+)\b",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"^\W*(?:and|or|but|so|then|what about|how about|also|same|now)\b|^\W*(?:why|when|who|how so"
    r"|how come|which clause|since when"
    r"|what does (?:it|that|this)(?: clause)? say)(?: (?:exactly|not|then|so|that|is that))*\W*$"
    r"|\b(?:that|this|the same) (?:clause|limit|rule|number|figure|one)\b"
    r"|^\W*(?:and )?when did (?:it|that|this) (?:last )?change\b|^\W*(?:in|on) (?:19|20)\d\d\W*$",
    re.IGNORECASE,
)


_SHORT = re.compile(
    r"(?<=\b(?:what|when|that))['\u2019]s\b|(?<=\b(?:who|how))['\u2019]s\b|(?<=\bwhere)['\u2019]s\b|(?<=\bit)['\u2019]s\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Question:
    """A question taken apart.

    `text` is as it was asked, spaces made single; `plain` is without its dates. `follows` says that it
    leans on the turn before; `this` that it speaks of one application, `of_policy` of rules in general.
    """

    text: str
    plain: str
    days: Days
    content: tuple[Word, ...]
    numbers: tuple[Quantity, ...]
    clauses: tuple[str, ...]
    intents: frozenset[str]
    of_policy: bool
    this: bool
    follows: bool

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its words with content, asking words too."""
        return frozenset(w.stem for w in self.content)

    @property
    def ordered(self) -> tuple[str, ...]:
        """The same stems as they follow one another."""
        return tuple(w.stem for w in self.content)

    @property
    def specific(self) -> tuple[Word, ...]:
        """Its words that an answer must carry."""
        return tuple(w for w in self.content if w.text.lower() not in _ASKING and not self._in_clause(w))

    def _in_clause(self, word: Word) -> bool:
        return any(q.kind is Kind.CLAUSE and q.start <= word.start < q.end for q in quantities(self.plain))

    @property
    def asks_bound(self) -> bool:
        """Whether it asks for a limit of some kind."""
        return bool(_BOUND.search(self.plain))

    @property
    def bound_is_upper(self) -> bool:
        """Whether words of an upper limit stand in it."""
        return bool(_BOUND_UP.search(self.plain))

    @property
    def bound_is_lower(self) -> bool:
        """Whether words of a lower limit stand in it."""
        return bool(_BOUND_DOWN.search(self.plain))


def read(question: str, today: date) -> Question:
    """The question, read. Raises ValueError where it is empty or longer than it may be."""
    text = _SHORT.sub(" is", " ".join(visible(question).split()))
    if not re.search(r"\w", text):
        raise ValueError("the question is empty")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise ValueError(f"the question is longer than {MAX_QUESTION_CHARACTERS} characters")
    days = days_in(text, today)
    named = tuple(dict.fromkeys(q.name for q in quantities(text) if q.kind is Kind.CLAUSE))
    plain = days.rest
    return Question(
        text=text,
        plain=plain,
        days=days,
        content=tuple(w for w in words(plain) if not is_stop(w.text)),
        numbers=tuple(q for q in quantities(plain) if q.kind not in (Kind.CLAUSE, Kind.DATE)),
        clauses=named,
        intents=frozenset(name for name, form in INTENTS if re.search(form, plain, re.IGNORECASE)),
        of_policy=bool(_POLICY.search(plain)) or bool(named),
        this=bool(_THIS.search(plain)),
        follows=bool(_FOLLOWS.search(text)),
    )


def visible(text: str) -> str:
    """The text as a reader sees it: compatibility forms folded, invisible characters gone."""
    folded = unicodedata.normalize("NFKC", text)
    kept = (" " if unicodedata.category(c) == "Cc" else c for c in folded if unicodedata.category(c) != "Cf")
    return "".join(kept)


def spent(question: Question) -> frozenset[int]:
    """The places of the words that only say what the question is after."""
    places: set[int] = set()
    for name, form in INTENTS:
        if name in question.intents:
            for found in re.finditer(form, question.plain, re.IGNORECASE):
                places.update(range(found.start(), found.end()))
    return frozenset(places)


def unspent(question: Question) -> tuple[Word, ...]:
    """The words that say what the question is about, beyond what it is after and what says nothing."""
    gone = spent(question)
    return tuple(w for w in question.specific if w.start not in gone and not is_neutral(w.stem))
