"""Refusals: replies that decline to answer, whether the model will not or cannot tell."""

from __future__ import annotations

import re

from visioneval.grading.regex import regex

_CANNOT = (
    r"(?:can(?:'|no)?t|can\snot|could(?:n't|\snot)|(?:(?:am|'m|are|is|was)\s)?(?:not\sable|unable)"
    r"|won't|will\snot)"
)
_DECLINES = regex(
    rf"""
      \b(?:i|we|it|this|that|the\s\w+|sorry,?(?:\sbut)?\s(?:i)?|as\san?\s[^.]{{0,40}}?,?\si)\s?(?:{_CANNOT}
          |do\snot\sfeel\scomfortable|don't\sfeel\scomfortable)\b
        (?:\s(?:really|accurately|reliably|definitively|confidently|currently|directly|exactly|actually|be
        |to|clearly|precisely|with\scertainty))*\s
        (?:help|assist|determin\w+|identif\w+|provid\w+|answer\w*|tell|view|access\w*|process\w*|verif\w+
        |confirm\w*|make\sout|solve|comply
          |fulfil\w*|do\s(?:that|this)|analy[sz]e|interpret|recogni[sz]e|give|discern|open|complete|bypass
          |decipher|say|ascertain|establish|count|read|support)\b
    | \b(?:cannot|can't|could\snot|couldn't|can\snot)\s(?:be\s)?(?:(?:accurately|reliably|definitively
        |clearly)\s)?(?:determined|identified|answered|read|ascertained|established|verified|confirmed|told)\b
    | \bi(?:'m|\sam)?\s(?:do\snot|don't|can't|cannot|not)\s(?:actually\s)?(?:see|have|receive
        |have\saccess\sto|able\sto\ssee)\s(?:an?|any|the|your|this)\s
        (?:attached\s|actual\s|uploaded\s)?(?:image|picture|photo|attachment|file)
        (?!s|\s(?:on|hanging|above|behind|under|near|next)\b)  # a picture that hangs somewhere is seen or not
    | \b(?:i\s(?:see|have|received|can\ssee)|there(?:'s|\sis|\swas))\sno\s(?:\w+\s)?(?:image|picture|photo)
        (?=\s*(?:[.,;!]|$)|\s(?:here|attached|provided|to\s))
    | \A\W*no\s(?:image|picture|photo)\W*\Z
    | \bno\s(?:image|picture|photo)\s(?:is|was|has\sbeen)?\s?(?:provided|attached|included|visible|found
        |given|supplied|uploaded)
    | \b(?:please\s(?:provide|upload|share|attach)\s(?:the|an?|your)\s(?:\w+\s)?(?:image|picture|photo))
    | \b(?:don't|do\snot|doesn't|does\snot)\s(?:have|contain|provide|give|include|show
        |offer)\s(?:me\s)?(?:enough|sufficient|adequate)\b
    | \b(?:not\senough|insufficient)\s(?:information|context|detail|data|evidence|resolution)
    | \b(?:impossible|not\spossible|difficult|hard)\s(?:for\sme\s)?to\s(?:\w+\s)?(?:determine|tell|say
        |identify|answer|read|know|count|discern|be\s(?:certain|sure))
    | \b(?:against\smy\s(?:guidelines|policy|policies)|violates?\s(?:our|my|the)\s(?:guidelines|policy
        |policies))
    | \bi(?:'m|\sam)\snot\s(?:sure|certain)\b | \bi\s(?:don't|do\snot)\sknow\b | \bi(?:'m|\sam)\ssorry\b
        | \b(?:i\s)?apologi[sz]e\b
    | \b(?:there's|there\sis)\sno\sway\sto\s(?:tell|know|determine)
    """,
    re.X | re.I,
)
_BARE = regex(
    r"[\W_]*(?:unknown|n/?a|none of the above|not sure|unsure|unclear|illegible|unreadable|undetermined"
    r"|indeterminate|inconclusive"
    r"|unable to (?:determine|tell|answer)|cannot (?:tell|say|determine)|can't (?:tell|say)"
    r"|not (?:specified|available|applicable|provided|visible|legible|readable"
    r"|determinable|enough information)|no answer|i don'?t know|idk|\?+)[\W_]*",
    re.I,
)
_BLIND = regex(
    r"\b(?:can(?:no|')t|can not|unable to|not able to|without)\s+(?:actually\s+|directly\s+)?"
    r"(?:see|view|access|open|seeing|viewing)"
    r"\s+(?:an?|any|the|your|this)?\s*(?:actual\s+)?(?:images?|pictures?|photos?|attachments?)(?!\s+\w*ly)\b",
    re.I,
)
_TURN = regex(r"\b(?:but|however|though|although|that said|still|nevertheless)\b", re.I)
_SENTENCES = regex(r"(?<=[.!?])\s+|\n+")


def declines(text: str) -> bool:
    """Tell whether a text holds a sentence that declines to answer."""
    return bool(_BARE.fullmatch(text) or _DECLINES.search(text) or _BLIND.search(text))


_CANNOT_TELL = regex(
    r"[\W_]*(?:(?:i|we|one)\s+(?:can(?:no|')t|can not)\s+(?:really\s+)?(?:tell|say|see)\b"
    r"|it(?:'s|\s+is)\s+(?:impossible|not\s+possible)\s+to\s+\w+)",
    re.I,
)


def cannot_tell(text: str) -> bool:
    """Tell whether a reply opens by saying that it cannot tell: "I can't tell, maybe 3" gives no answer."""
    return bool(_CANNOT_TELL.match(text))


def without_declining(text: str) -> str:
    """Drop the sentences that decline; of "I can't be sure, but it looks like 9" keep what follows "but".

    Nothing is kept of a reply that has seen no picture.
    """
    if _BLIND.search(text):
        return ""
    kept = []
    for sentence in _SENTENCES.split(text):
        match = _BARE.fullmatch(sentence) or _DECLINES.search(sentence)
        if not match:
            kept.append(sentence)
            continue
        turn = _TURN.search(sentence, match.end())
        rest = sentence[turn.end() :] if turn else ""
        if rest and not _DECLINES.search(rest):
            kept.append(rest)
    return "\n".join(part.strip(" ,") for part in kept if part.strip(" ,."))
