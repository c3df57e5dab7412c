"""What this chat is not for, and text that tries to make it do so: answered in words of our own.

A question is data. What it orders is not done, whatever else it says; the rest of it may be answered.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator

NO_CHANGE = "This chat explains decisions and quotes the policy; it does not take, change or promise one."
NO_PERSON = "This chat holds no personal data: it reads neither names, addresses nor notes."
NO_PROMPT = "This chat shows no instructions of its own; it quotes the policy and reads the record."
ONLY_ENGLISH = "This chat reads and answers English alone, since its check of each sentence does."

NOT_ASKED = "The application does not ask that and no rule reads it, so there is nothing to try."

NO_JUDGEMENT = (
    "The record and the policy state facts and rules; this chat judges neither a person nor a decision."
)

_WHO_ONE_IS = (
    r"(?:married|unmarried|single|divorced|widow(?:ed|er)?|separated|pregnant|(?:wo)?man|(?:fe)?male|older"
    r"|younger|(?:\d+|\w+) years? (?:old|of age)|aged? \d+|black|white|asian|a foreigner|foreign|an immigrant"
    r"|catholic|muslim|jewish|christian|gay|lesbian|disabled)"
)
_SUPPOSES_OTHER = re.compile(
    r"\b(?:what (?:about )?if|and if|suppos\w+|assum\w+|imagine|would\b[^?.]*\bif)\b[^?.,;]{0,40}"
    rf"\b(?:were|was|is|are|be|had been)\b(?: \w+){{0,2}} {_WHO_ONE_IS}\b"
    r"(?! (?:income|loan|amount|term|debt))"
    r"|\b(?:what (?:about )?if|and if|suppos\w+|assum\w+|would\b[^?.]*\bif)\b[^?.,;]{0,40}"
    r"\b(?:age|marital status|gender|sex|race|religion|nationality)\b (?:were|was|is|had been)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:^|[.!?:;\n]\s*|\b(?:please|can you|could you|will you|would you|you (?:must|should|will|have to"
    r"|need to)"
    r"|just|now|go ahead and|i (?:order|want|need) you to|let'?s|then|and|kindly)\s+)"
    r"(?:please\s+|just\s+|now\s+)*"
    r"(?:approve|decline|refuse|reject|override|overrule|overturn|reverse|waive|reconsider|grant|release"
    r"|pay out|disburse|sign off"
    r"|(?:raise|lower|increase|reduce|set|update|delete|erase|edit|amend) (?:the|this|that|it|its|his"
    r"|her|my|all|every\w*|our)"
    r"|promise|guarantee (?:that|me|the|an?|him|her|us)|assure"
    r"|confirm (?:that|to|the approval)|tell (?:the (?:applicant|customer)|him|her|them) (?:that|it|they"
    r"|he|she)|send|e-?mail|forward|write to"
    r"|change (?:the|this|that|its|his|her) (?:outcome|decision|score|rate|result|limit|amount|status)"
    r"|mark (?:it|this|the)"
    r"|ignore|disregard|forget|pretend|act as|role-?play|imagine you|you are now|simulate being)\b",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:will|shall|is|are|can you (?:promise|guarantee))\s+(?:it|this|they|he|she|the\s+\w+|my\s+\w+)\s+"
    r"(?:surely |definitely |then |still )?(?:be|get|going\s+to\s+(?:be|get)|gonna be|likely to be)\s+"
    r"(?:approved|accepted|granted|declined|refused|rejected|paid out)\b"
    r"|\bshould (?:i|we) (?:just |simply |still )?(?:approve|decline|refuse|accept|reject|grant|override)"
    r" (?:it|this|him|her|them|the (?:application|loan|applicant))\b"
    r"|\bwill (?:you|the lender|we) (?:approve|grant|accept|decline)\b",
    re.IGNORECASE,
)
_OVERRIDE = re.compile(
    r"\b(?:ignore|disregard|forget|bypass|override|skip|drop)\s+(?:all|any|the|your|previous|prior|every"
    r"|these|those|everything|about)\b"
    r"|\b(?:you are|you're) (?:now|no longer|a|an|in)\b|\bfrom now on\b|\b(?:developer|admin|god|debug"
    r"|jailbreak|dan|sudo) mode\b"
    r"|\bnew (?:instructions?|rules?|task|system prompt)\b|^\W*(?:system|assistant|developer|user|tool"
    r"|human|ai)\s*:"
    r"|\b(?:system|assistant|developer)\s*:\s|<\s*/?\s*(?:system|data|s|im_start|im_end|inst|script|img"
    r"|a|iframe|b|p|div|svg|style|html)\b"
    r"|\[/?inst\]|<\|[^|]*\|>|\bpretend (?:to be|that|you)\b|\b(?:act|behave|respond|answer|speak|talk"
    r"|write) (?:as|like) (?:a|an|if|the|my)\b"
    r"|\brole-?play\b|\bend (?:your|every|each|the) (?:answer|reply|response)\b|\b(?:begin"
    r"|start) (?:your|the) (?:answer|reply|response)\b"
    r"|\brepeat (?:after me|the (?:words?|text|following|sentence))\b|(?:^|[.!:]\s*)(?:please )?say\b"
    r"|\bprint (?:only|the|this|your)\b"
    r"|\b(?:reply|respond|answer) (?:only )?with\b|\boutput (?:only|the|this|nothing)\b"
    r"|\bdo anything now\b|\bstay in character\b"
    r"|\!\[[^\]]*\]\(|\]\(\s*\w+:|\bjavascript:|\bdata:text/",
    re.IGNORECASE | re.MULTILINE,
)
_PROMPT = re.compile(
    r"\b(?:system|hidden|initial|original|secret|internal|your|own|above|previous) (?:prompts?"
    r"|instructions?|guidelines|configuration|rules given)\b"
    r"|\b(?:prompt|instructions) (?:that )?you (?:were|are|have been) given\b|\b(?:api|secret"
    r"|access) keys?\b|\bpasswords?\b|\bcredentials\b"
    r"|\benvironment variables?\b|\b(?:text|words|everything) (?:above|before this)\b|\bwho (?:made"
    r"|built|trained) you\b"
    r"|\bwhat (?:model|llm|ai) are you\b|\bconnection strings?\b|\bdatabase (?:url|password|schema)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:name|address|e-?mails?(?: addresses)?|(?:tele)?phone(?: number)?|mobile|birth ?(?:day|date)"
    r"|date of birth|social security|passport|identity card|nif|dni"
    r"|tax id|iban|bank account|account number|religion|nationality|ethnicity|race|gender|sex"
    r"|marital status|photo)\b"
    r"[^.?!]{0,40}\b(?:applicants?|customers?|borrowers?|clients?|persons?|person|he|she|him|her|his"
    r"|they|their|this|it)\b"
    r"|\b(?:applicants?|customers?|borrowers?|clients?|person|his|her|their)(?:'s|\u2019s)?\s+(?:\w+ ){0,2}"
    r"(?:name|address|e-?mail|(?:tele)?phone|mobile|birth ?(?:day|date)|age|religion|nationality"
    r"|ethnicity|race|gender|sex|marital|husband|wife|spouse|passport|iban|photo)\b"
    r"|\bwho is (?:the|this) (?:applicant|borrower|customer|person)\b|\bwhere does .{1,40} live\b"
    r"|\bhow old is (?!the (?:policy|manual|edition))"
    r"|\bis (?:he|she|the applicant|mr\.? \w+|mrs\.? \w+|ms\.? \w+) (?:married|single|pregnant|divorced"
    r"|gay|catholic|muslim|jewish|foreign)\b"
    r"|\bwhat (?:do|does|did) (?:the|his|her|their) notes? (?:say|contain)\b"
    r"|\bwhat\b[^.?!]{0,60}\b(?:in|from) (?:the|his|her|their) notes?\b|\b(?:read|show|quote"
    r"|tell me|print|repeat|give me)(?: me)? (?:the|his|her|their) notes?\b",
    re.IGNORECASE,
)
_JUDGES = re.compile(
    r"\b(?:is|was|are) (?:he|she|they|(?:the|this|our) (?:applicant|customer|borrower|policy|manual|decision"
    r"|outcome|decline|lender)) (?:really |truly )?(?:a good (?:risk|customer)|creditworthy|trustworthy"
    r"|honest|reliable|fair|unfair|right|wrong|just|unjust|good|bad|legal|lawful|discriminatory|racist)\W*$",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:may|can|must|should|do|does) (?:we|an?|the (?:lender|form|policy|manual|notice)|nobody"
    r"|anybody|anyone|underwriters?)\b|\bis .{0,30}\b(?:scored|asked|used|allowed)\b",
    re.IGNORECASE,
)
_BASE64 = re.compile(
    r"(?<![\w+/=])(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![\w+/=])"
)


def refusal(question: str) -> str | None:
    """The words that answer what this chat is not for; None where the question may be answered."""
    if _foreign(question):
        return ONLY_ENGLISH
    hidden = " ".join((question, *_decoded(question)))
    if _SUPPOSES_OTHER.search(question) and not _GENERAL.search(question) and not _PROMPT.search(hidden):
        return NOT_ASKED
    if _PROMPT.search(hidden):
        return NO_PROMPT
    if _FUTURE.search(hidden) or _ORDER.search(hidden) or _OVERRIDE.search(hidden):
        return NO_CHANGE
    if _JUDGES.search(hidden):
        return NO_JUDGEMENT
    return NO_PERSON if _PERSON.search(hidden) and not _GENERAL.search(hidden) else None


def _foreign(text: str) -> bool:
    """Whether letters of another script than the Latin one stand in the text."""
    letters = [c for c in text if c.isalpha()]
    return any("LATIN" not in unicodedata.name(c, "LATIN") for c in letters)


def _decoded(text: str) -> Iterator[str]:
    """What base64 in the text says, where it says something readable."""
    for found in _BASE64.finditer(text):
        try:
            said = base64.b64decode(found.group(), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        if said.isprintable() and " " in said:
            yield said
