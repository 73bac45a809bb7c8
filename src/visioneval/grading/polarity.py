"""Polarity: whether a text says yes or no, with those words or without them.

A plain yes or no decides. Without one, each sentence is compared with the question: opposite words ("torn" and
"intact") and negations are counted, and a sentence that repeats the whole question agrees with it. Sentences
that disagree with one another leave the matter open.
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from visioneval.grading.characters import tokens
from visioneval.grading.hits import Hit
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.words import FRAME, NEGATORS, STOP, stem

_YES = "yes|yep|yeah|yup|affirmative|true|correct|definitely|absolutely|oui|sí|ja|sim|да|是|是的|はい|예|네|نعم"
_NO = "no|nope|nah|negative|false|incorrect|non|nein|não|нет|否|不是|いいえ|아니요|아니오|لا"
_YES_PHRASES = r"i (?:think|believe) so"
_NO_PHRASES = (
    r"(?:probably|certainly|definitely|absolutely|of course|surely|apparently|most likely) not"
    r"|not (?:really|at all)|not that i (?:can|could) (?:see|tell)|i (?:don't|do not) (?:think|believe) so"
    r"|(?:(?:very|highly|quite|rather) )?unlikely|hardly|doubtful|i doubt it"
)
_WORD = rf"(?P<yes>{_YES_PHRASES}|{_YES})|(?P<no>{_NO_PHRASES}|{_NO})"
_ALONE = regex(rf"[\W_]*(?:{_WORD})[\W_]*|[yn]", re.I)
_OPENING = regex(
    rf"^[\W_]*(?:(?:the\s+)?(?:final\s+|correct\s+|short\s+)?answer\s*(?:is|:)?\W*|well|so|therefore|thus"
    rf"|hence|actually|in fact|in short|in summary|overall|conclusion|verdict|result|ok|okay|hmm)?[\W_]*"
    rf"\b(?:{_WORD})\b(?=\s*(?:[,.;:!?\"')–—-]|$)|\s+(?:it|there|the|this|that|i|they|he|she|you|we|both"
    rf"|all|these|those|because|since)\b(?!\s*[-]))",
    re.I,
)
_CLOSING = regex(
    rf"(?:\b(?:is|be|say|says|would be|so|hence|therefore|thus|answer)|[:,—–=→-])\W*\b(?:{_WORD})\b[\s.!\"'*)]*$",
    re.I,
)
_ECHO = regex(r"\byes\s*(?:/|or)\s*no\b", re.I)
_SENTENCE = regex(r"(?<=[.!?;])\s+|\n+")

_POLES = (
    (
        """broken break tear crack chip damag damage defect defectiv defective flaw dent scratch bend bent
        hole gap leak rust corrod corrosion faulty deform loos loose misalign miss missing detach
        split fractur fracture stain irregularity anomaly puncture rip fall fell warp burn discolor
        blemish nick crease scuff peel interrupt""",
        """intact undamag undamaged unbroken fine complete completely flawless pristin pristine perfect
        perfectly continuous continuously uninterrupt secure securely sound normal undamage unbent smooth unharmed
        untouch good defect-free proper properly uniform consistent""",
    ),
    ("locked lock", "unlocked unlock"),
    ("open opened ajar", "closed close shut seal"),
    ("empty unoccupi vacant vacancy unoccupy", "full occupi occupy fill"),
    ("inside within enclos contain", "outside overhang beyond protrud extend"),
    ("present visible exist", "absent absence missing gone"),
    ("same identical match equal", "different differ mismatch unequal"),
    ("safe", "unsafe dangerous hazardous"),
    ("clean", "dirty soil contaminat"),
    ("wet", "dry"),
    ("connect plug attach", "disconnect unplug detach unattach"),
    ("lit illuminat", "unlit dark extinguish"),
    ("over above", "under below beneath underneath"),
    ("horizontal", "vertical"),
    ("empty", "load"),
)
_PLUS = [{stem(word) for word in plus.split()} for plus, _ in _POLES]
_MINUS = [{stem(word) for word in minus.split()} for _, minus in _POLES]

_COMPARED = (
    ("larger largest bigger biggest greater greatest", "smaller smallest tinier tiniest"),
    ("taller tallest", "shorter shortest"),
    ("longer longest", "shorter shortest"),
    ("heavier heaviest", "lighter lightest"),
    ("older oldest", "younger youngest newer newest"),
    ("nearer nearest closer closest", "farther farthest further furthest"),
    ("illuminated lit", "unlit off extinguished"),
    ("win won leading", "lose losing lost trailing"),
)
_STATES = tuple(
    (frozenset(map(stem, plus.split())), frozenset(map(stem, minus.split())))
    for plus, minus in (*_POLES, *_COMPARED)
    if plus.split()[0] not in ("lit", "over")  # "dark red" and "below" are answers
)
"""Opposites of which a question can ask for the one that has it: "Which shelf is empty?"."""

_GENERIC = frozenset(map(stem, "damaged defect defective flaw faulty anomaly irregularity wrong broken".split()))
"""A question about these asks after any defect."""
_KINDS = tuple(
    frozenset(map(stem, kind.split()))
    for kind in (
        "broken chip crack fracture split tear rip fall detach nick crush piece",
        "gap hole interrupt puncture leak broken",
        "missing detach fall",
        "bend dent deform warp crush",
        "scratch scuff crease dent",
        "rust corrode corrosion",
        "stain discolor burn blemish",
        "loose misalign detach",
    )
)
"""Defects that a speaker may name for one another."""

_RELATIONS = frozenset(
    """over under above below on in inside outside beneath behind beside between left right front top bottom near
    off through across against up down out around along""".split()
)


_MOST_SENTENCES = 60


def find_polarity(text: str, question: Question) -> list[Hit]:
    """Find what a span answers to a yes/no question; two hits where it says both."""
    text = _IDIOM.sub(" ", text)
    return _said(text, question) or _meant(text, question)


_IDIOM = regex(
    r"\b(?:(?:there(?:'s| is)\s+)?"
    r"no\s+(?:doubt|question(?!\s+mark))|without(?:\s+an?|\s+any)?\s+doubt|not only)\b",
    re.I,
)
"""What looks like a negation and is none."""


def _said(text: str, question: Question) -> list[Hit]:
    """Find a plain yes or no: the whole span, the opening of a sentence or its close.

    What an opening goes on to say counts too: "No, the ring is not intact" says both.
    """
    text = _ECHO.sub(" ", text) if len(text) > 9 else text
    hits: list[Hit] = []
    for sentence in _SENTENCE.split(text):
        match = _ALONE.fullmatch(sentence) if len(sentence) < 40 else None
        opening = None if match else _OPENING.match(sentence[:80])
        match = match or opening or _CLOSING.search(sentence[-40:])
        if match:
            written = match["yes"] or match["no"] or match[0]
            value = bool(match["yes"]) or written.lower() == "y"
            hits.append(Hit(value, written, match.start(), match.end()))
        if opening and (rest := _LINK.sub("", sentence[opening.end() :])):
            meant = _asserted(rest, question.text, subject_left_out=True)
            if meant is not None and meant != bool(opening["yes"]):
                hits.append(Hit(meant, rest.strip(), opening.end(), len(sentence)))
    return hits


_LINK = regex(r"^[\W_]*(?:(?:but|and|though|although|as|because|since)\b[\W_]*)?", re.I)


def _meant(text: str, question: Question) -> list[Hit]:
    """Find what the sentences assert about the question without saying yes or no."""
    hits: list[Hit] = []
    position = 0
    for sentence in _SENTENCE.split(text)[:_MOST_SENTENCES]:
        value = _asserted(sentence, question.text)
        if value is not None:
            hits.append(
                Hit(value, sentence.strip(), position, position + len(sentence), "polarity of the statement")
            )
        position += len(sentence) + 1
    return hits


_UNREAL = regex(
    r"\b(?:if|whether|would|should|could|may|might|possibly|perhaps|maybe|check|checking|determine"
    r"|question|asks?|asked)\b",
    re.I,
)


@lru_cache(maxsize=4096)
def _asked(question: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, int] | None]:
    """A question's words, the stems that matter, and the pole that it asks after with its sign."""
    sentence = next((part for part in re.split(r"(?<=[?])\s*", question) if part.endswith("?")), question)
    sentence = re.split(r"(?<=[.!:])\s+", sentence)[-1]
    words = tokens(sentence)
    content = tuple(dict.fromkeys(stem(word) for word in words if word not in STOP or word in _RELATIONS))
    return words, content, _pole(words)


def _pole(words: tuple[str, ...]) -> tuple[int, int] | None:
    """The first pair of opposites that the words touch, and which side of it they take: +1 or -1."""
    stems = _states(words)
    negative = -1 if sum(word in NEGATORS or word == "free" for word in words) % 2 else 1
    for i, (plus, minus) in enumerate(zip(_PLUS, _MINUS, strict=True)):
        on_plus, on_minus = any(s in plus for s in stems), any(s in minus for s in stems)
        if on_plus != on_minus:
            return i, (1 if on_plus else -1) * negative
    return None


_THINGS = frozenset("lock locks seal seals plug plugs load loads".split())


def _states(words: tuple[str, ...]) -> list[str]:
    """The stems that can name a state: a lock is no more locked than open."""
    return [stem(word) for word in words if word not in _THINGS]


def _asserted(sentence: str, question: str, *, subject_left_out: bool = False) -> bool | None:
    if _UNREAL.search(sentence) or sentence.rstrip().endswith("?"):
        return None
    asked_words, content, pole = _asked(question)
    words = _inside(tokens(sentence), content)
    stems = {stem(word) for word in words}
    universal = any(word in _UNIVERSAL for word in asked_words)
    if not content or not words:
        return None
    if _swapped(words, asked_words, content, pole):
        return None
    not_all = _NOT_ALL.search(sentence) if universal else None
    if not_all and _content_of(not_all[1]) <= set(content) and not any(word in NEGATORS for word in asked_words):
        return False
    if pole is not None:
        index, sign = pole
        stated = _pole_of(words, index)
        bare = subject_left_out or _is_bare(words, index)
        if stated is not None and (_same_subject(words, content, index) or (bare and index)):
            agrees = stated == sign
            if agrees and universal and subject_left_out and not any(word in _UNIVERSAL for word in words):
                return None  # "one light is still on" says nothing of all
            if agrees and not_all:
                return None  # nor does "not all are open", asked whether all are closed
            return agrees and not (universal and _partial(sentence))
        if universal and stated is None and _touches_both(words, index):
            return False
    if words[0] in _PRONOUNS and len(content) > 1 and _subject_is(asked_words, content[0]):
        content = content[1:]  # "it is running" repeats "Is the machine running?"
    if set(content) <= stems and _same_order(words, content):
        negatives = sum(word in NEGATORS for word in words) + sum(word in NEGATORS for word in asked_words)
        return negatives % 2 == 0 and not (universal and _partial(sentence))
    return None


def _inside(words: tuple[str, ...], content: tuple[str, ...]) -> tuple[str, ...]:
    """Write the "in" of "it lies in its groove", before what the question names, as the "inside" that it asks."""
    if stem("inside") not in content or "in" not in words or "outside" in words:
        return words
    ahead = [{stem(word) for word in words[i + 1 : i + 3]} for i in range(len(words))]
    return tuple(
        "inside" if word == "in" and after & set(content) else word
        for word, after in zip(words, ahead, strict=True)
    )


_PLACED = frozenset(map(stem, "over under above below inside outside beneath behind left right".split()))


def _swapped(
    words: tuple[str, ...], asked: tuple[str, ...], content: tuple[str, ...], pole: tuple[int, int] | None
) -> bool:
    """Tell whether a sentence relates the same things the other way round: the box above the ball."""
    if not (set(content) & _PLACED or "than" in asked):
        return False
    opposites = _PLUS[pole[0]] | _MINUS[pole[0]] if pole else set()
    things = tuple(word for word in content if word not in opposites and word not in _PLACED)
    said = tuple(dict.fromkeys(s for word in words if (s := stem(word)) in things))
    return len(said) == len(things) and said != things


_PRONOUNS = frozenset("it it's he he's she she's they they're".split())


def _subject_is(asked: tuple[str, ...], first: str) -> bool:
    """Tell whether a question has the form "is the ...", with a noun of one word."""
    return len(asked) > 2 and asked[1] in ("the", "this", "that", "these", "those") and stem(asked[2]) == first


_UNIVERSAL = frozenset("all every each everyone everybody everything both".split())
_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_SOME = regex(
    r"\b(?:only|some|most|few|several|half|partly|partially|almost|nearly|but one|except)\b"
    rf"|\b{_COUNT} (?:out )?of (?:the\b|{_COUNT}\b)",
    re.I,
)


_NOT_ALL = regex(r"\bnot (?:all|both|each|every(?:one|body|thing)?)\b([^,;:.]*)", re.I)


def _content_of(clause: str) -> set[str]:
    return {stem(word) for word in tokens(clause) if word not in STOP and word not in ("them", "these", "those")}


def _partial(sentence: str) -> bool:
    """Tell whether a sentence claims something of a part only: "three of the four screws are present"."""
    return bool(_SOME.search(sentence)) and not re.search(r"\b(?:all|both)\b", sentence, re.I)


def _touches_both(words: tuple[str, ...], index: int) -> bool:
    stems = _stems_of(words)
    return bool(stems & _PLUS[index]) and bool(stems & _MINUS[index])


def says_opposite(clause: str, question: Question) -> bool:
    """Tell whether a clause claims the opposite of what the question asks after: "the top shelf is full" where
    the empty one is sought."""
    states = _states_asked(question)
    if not states or question.negated:
        return False
    said = tokens(clause)
    for wanted, other in states:
        signs = {_claims(said, i, wanted, other) for i in range(len(said))} - {None}
        if signs == {False}:
            return True
    return False


@lru_cache(maxsize=4096)
def opposites_asked(question: Question) -> frozenset[str]:
    """The stems of the states that a question asks after, and of their opposites."""
    return frozenset(word for pair in _states_asked(question) for side in pair for word in side)


@lru_cache(maxsize=4096)
def _states_asked(question: Question) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """The pairs of opposites of which a question names one side, that side first."""
    asked = question.words
    pairs = [
        (plus, minus) if asked & plus else (minus, plus)
        for plus, minus in _STATES
        if bool(asked & plus) != bool(asked & minus)
    ]
    if _REMAINING.search(question.text):
        pairs.append(_USED)
    return tuple(pairs)


_REMAINING = regex(r"\b(?:(?:is|are|has|have)\s+left|remain\w*|unused)\b", re.I)
_USED = (
    frozenset(map(stem, "left remain remaining unused".split())),
    frozenset(map(stem, "used spent consumed gone drained".split())),
)


@lru_cache(maxsize=4096)
def _stems_of(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(stem, words))


def _claims(words: tuple[str, ...], i: int, wanted: frozenset[str], other: frozenset[str]) -> bool | None:
    """Whether a word claims one of two opposites, with a negation just before it turned round."""
    here = stem(words[i])
    if here not in wanted and here not in other:
        return None
    negated = any(word in NEGATORS for word in words[max(0, i - 3) : i])
    return (here in wanted) != negated


def _same_order(words: tuple[str, ...], content: tuple[str, ...]) -> bool:
    """Tell whether a sentence relates things the way the question does: the door left of the window, not the
    window left of the door."""
    if not set(content) & _RELATIONS:
        return True
    said = tuple(dict.fromkeys(s for word in words if (s := stem(word)) in content))
    return said == content


def _pole_of(words: tuple[str, ...], index: int) -> int | None:
    stems = _states(words)
    on_plus = any(s in _PLUS[index] for s in stems)
    on_minus = any(s in _MINUS[index] for s in stems)
    if on_plus == on_minus and not (on_plus and _all_negated(words, index)):
        return None
    if on_plus and on_minus:  # "it is intact, with no cracks"
        return -1
    negative = -1 if sum(word in NEGATORS or word == "free" for word in words) % 2 else 1
    return (1 if on_plus else -1) * negative


def _all_negated(words: tuple[str, ...], index: int) -> bool:
    """Tell whether every word of the plus side comes after a negator: "intact, without cracks or dents"."""
    negated = False
    for word in words:
        negated = negated or word in NEGATORS or word == "free"
        if stem(word) in _PLUS[index] and not negated:
            return False
        if stem(word) in _MINUS[index] and negated:
            return False
    return True


def _is_bare(words: tuple[str, ...], index: int) -> bool:
    """Tell whether a sentence names a state and nothing that has it: "Closed.", "Not fully closed."."""
    return all(
        word in FRAME
        or word in NEGATORS
        or word.endswith("ly")
        or word in ("wide", "half", "still")
        or stem(word) in _PLUS[index] | _MINUS[index]
        for word in words
    )


def _same_subject(words: tuple[str, ...], content: tuple[str, ...], index: int) -> bool:
    """Tell whether a sentence is about what is asked.

    A defect answers a question about defects of its kind, or about defects at large. Other opposites need a noun
    in common, or a pronoun.
    """
    stems = _stems_of(words)
    if index == 0:
        asked = set(content) & _PLUS[0]
        stated = stems & _PLUS[0]
        return not stated or not asked or bool(asked & _GENERIC) or _same_kind(asked, stated)
    nouns = set(content) - _PLUS[index] - _MINUS[index]
    return bool(stems & nouns) or any(word in _PRONOUNS for word in words)


def _same_kind(asked: Set[str], stated: Set[str]) -> bool:
    return bool(asked & stated) or any(asked & kind and stated & kind for kind in _KINDS)
