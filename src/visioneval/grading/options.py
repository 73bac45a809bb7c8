"""Options: which of the options that a question names a text chooses."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from visioneval.answers import Choice
from visioneval.grading.characters import tokens
from visioneval.grading.hits import MOST_HITS, Hit
from visioneval.grading.polarity import says_opposite
from visioneval.grading.preference import clause_of, settle
from visioneval.grading.question import Question, lettered_options, option_key, options_in
from visioneval.grading.regex import regex
from visioneval.grading.words import CLOSED_CLASSES, PLACES, STOP, stem

_SAME = (
    ("top", "upper"),
    ("bottom", "lower"),
    ("middle", "center", "centre"),
    ("gray", "grey"),
    ("gold", "golden"),
)
_SIDES = frozenset("left right top bottom front".split())
_AGAINST = regex(
    r"(?:\b(?:than|unlike|compared (?:to|with)|versus|vs\.?|not|neither|nor|rather than|instead of"
    r"|opposed to|no longer|rul(?:e|ed|ing) out|except|other than|apart from|anything but)|n't)"
    r"\s+(?:[\w'-]+\s+){0,3}[\"'(]*$",
    re.I,
)
_OF_A_THING = regex(r"(?:\s+side)?(?:\s+of)?\s+(?:the|an?)\s+(?:\w+\s+)??([a-z]+)\b", re.I)
_RELATIVE_TO = regex(r"\b(?:relative to|in relation to|with respect to|compared (?:to|with))", re.I)
_OTHERS = regex(r"\b(?:others?|rest|remaining)\b[^.;]*$", re.I)


class Options:
    """The options of one prompt, compiled once."""

    def __init__(self, answer: Choice, asked: Question) -> None:
        question = asked.text
        self._question = asked
        self.key = _canonical(answer.value)
        lettered = lettered_options(question)
        names = self._names(answer, question, lettered)
        self.letters = self._letters(answer, lettered)
        self.keys = frozenset(names.values())
        self._name_keys = names
        self._pattern = _compile(tuple(sorted(names, key=len, reverse=True)))
        self._landmark = self._find_landmark(question)

    def _find_landmark(self, question: str) -> tuple[frozenset[str], str] | None:
        """Read what is placed and what it is placed by: dog and cat of "Is the dog left or right of the cat?"."""
        for match in (*_RELATIVE_TO.finditer(question), *self._pattern.finditer(question)):
            if after := _OF_A_THING.match(question, match.end()):
                landmark = stem(after[1].lower())
                words = (
                    word for word in tokens(question[: match.start()]) if word not in STOP and word not in PLACES
                )
                return frozenset(map(stem, words)) - {landmark}, landmark
        return None

    @staticmethod
    def _names(answer: Choice, question: str, lettered: dict[str, str]) -> dict[str, str]:
        options = answer.options or options_in(question)
        value_letter = next(
            (letter for letter, text in lettered.items() if option_key(text) == option_key(answer.value)), None
        )
        if lettered and value_letter is None and answer.value.upper() in lettered:
            return {text: _canonical(letter) for letter, text in lettered.items() if len(text) > 1}
        if not options or option_key(answer.value) not in {option_key(option) for option in options}:
            options = (*options, *_closed_class(answer.value), answer.value)
        names = {option: _canonical(option) for option in options}
        for option, synonyms in answer.synonyms.items():
            names |= {synonym: _canonical(option) for synonym in synonyms}
        return names

    @staticmethod
    def _letters(answer: Choice, lettered: dict[str, str]) -> dict[str, str]:
        """What a lone letter stands for: an option of its own, or the option that it marks."""
        if lettered and answer.value.upper() not in lettered:
            return {letter: _canonical(text) for letter, text in lettered.items()}
        if len(answer.value) == 1 and answer.value.isalpha():
            return {letter: _canonical(letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
        return {}

    def find(self, text: str) -> list[Hit]:
        """Find the options that a span chooses."""
        hits = [
            Hit(self._key_of(match[0]), match[0], match.start(), match.end())
            for match in self._pattern.finditer(text)
            if (len(match[0]) > 1 or match[0].isdigit() or not match[0].isalpha()) and not _is_adverb(text, match)
        ]
        hits += find_letters(text, self.letters)
        hits.sort(key=lambda hit: hit.start)
        hits = hits[-MOST_HITS:]
        claimed = [hit for hit in hits if not _AGAINST.search(text[max(0, hit.start - 60) : hit.start])]
        claimed = [
            hit for hit in claimed if not _OTHERS.search(text[max(0, hit.start - 40) : hit.start])
        ] or claimed
        if hits and not claimed:
            return self._remaining(hits)
        against = self._against(text, claimed)
        claimed = [hit for hit in claimed if hit not in against]
        if against and not claimed:
            return self._remaining(against)
        claimed = _mark_alternatives(text, claimed)
        return settle(text, claimed, self._question)

    def _against(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The options that are named only to say the opposite; "left and right are intact" says it of both."""
        against: list[Hit] = []
        for i in reversed(range(len(hits))):
            joined = i + 1 < len(hits) and hits[i + 1] in against and _joined(text, hits[i], hits[i + 1])
            if joined or self._contradicted(text, hits[i]):
                against.append(hits[i])
        return against

    def _contradicted(self, text: str, hit: Hit) -> bool:
        """Tell whether the clause of an option says the opposite of what is asked, or of another thing."""
        clause = clause_of(text, hit)
        return says_opposite(clause, self._question) or self._of_another(text, hit, clause)

    def _of_another(self, text: str, hit: Hit, clause: str) -> bool:
        """Tell whether a place is that of the landmark: "the cat is left of the dog", asked where the dog is."""
        if self._landmark is None:
            return False
        subjects, landmark = self._landmark
        if after := _OF_A_THING.match(text, hit.end):
            return stem(after[1].lower()) in subjects
        stems = {stem(word) for word in tokens(clause)}
        return landmark in stems and not stems & subjects

    def _key_of(self, written: str) -> str:
        key = _canonical(written)
        if key in self.keys:
            return key
        if written.lower().endswith("s") and (singular := _canonical(written[:-1])) in self.keys:
            return singular
        return next((value for name, value in self._name_keys.items() if _canonical(name) == key), key)

    def _remaining(self, denied: list[Hit]) -> list[Hit]:
        """Of two options, the one that is not denied is meant."""
        left = self.keys - {hit.value for hit in denied}
        if len(self.keys) == 2 and len(left) == 1:
            return [denied[0]._replace(value=next(iter(left)), note="the other option is denied", rank=1)]
        return []


_A_WORD = regex(r" (?!(?:and|or|is|has|was|but|then|to)\b)[a-z]")
_A_LETTER = regex(r"\b(?:letter|option|answer(?: is)?|label(?:led|ed)?|marked|crate|bearing|is)[\s:]*$", re.I)


def find_letters(text: str, letters: dict[str, str]) -> list[Hit]:
    """Find lone capital letters; "A" and "I" only where they cannot be words."""
    if not letters:
        return []
    if re.fullmatch(r"[\W_]*[A-Za-z][\W_]*", text):
        letter = re.sub(r"[\W_]", "", text)
        return [Hit(letters[letter.upper()], letter, 0, len(text))] if letter.upper() in letters else []
    hits = []
    for match in re.finditer(r"(?<![\w'.-])([A-Z])(?![\w'’-])", text):
        letter = match[1]
        is_word = (
            letter in "AI"
            and _A_WORD.match(text, match.end())
            and not _A_LETTER.search(text[: match.start()][-12:])
        )
        if letter in letters and not is_word:
            hits.append(Hit(letters[letter], letter, match.start(), match.end()))
    return hits


_EXACTLY = regex(
    r"(?:^|\b(?:is|it's|are|sits|lies|stands|located|placed)\s+)[\W_]*right\s+(?:in|at|on|next|by|near|above|below)\b|,\s*right\?",
    re.I,
)


def _is_adverb(text: str, match: re.Match[str]) -> bool:
    """Tell the side from "right in the middle" and "the left one, right?"."""
    if match[0].lower() != "right":
        return False
    return any(found.start() <= match.start() < found.end() for found in _EXACTLY.finditer(text))


def _mark_alternatives(text: str, hits: list[Hit]) -> list[Hit]:
    """Set aside the options that a reply lists with "or", where it then chooses one."""
    listed: set[int] = set()
    for i in range(1, len(hits)):
        gap = text[hits[i - 1].end : hits[i].start]
        if len(gap) < 30 and re.search(r"\bor\b|/", gap):
            listed |= {i - 1, i}
            j = i - 1
            while j > 0 and text[hits[j - 1].end : hits[j].start].strip() == ",":
                j -= 1
                listed.add(j)
    rest = [hit for i, hit in enumerate(hits) if i not in listed]
    pairs = pairwise(hits)
    all_joined = len({hit.value for hit in hits}) > 1 and all(_joined(text, *pair) for pair in pairs)
    if not rest or all_joined:
        return [hit._replace(definite=False) for hit in hits]
    return [hit._replace(definite=hit.definite and not _is_both(text, hit)) for hit in rest]


def _joined(text: str, first: Hit, second: Hit) -> bool:
    return bool(_JOIN.fullmatch(text[first.end : second.start]))


_JOIN = regex(r"\s*(?:,|&|\+|\band\b)\s*(?:the\s+)?", re.I)


def _is_both(text: str, hit: Hit) -> bool:
    """Tell whether an option is one of a pair that is chosen: "both A and B"."""
    return bool(re.search(r"\bboth\b[^.;:]{0,40}$", text[: hit.start], re.I))


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    words = option_key(text).split()
    for group in _SAME:
        words = [group[0] if word in group else word for word in words]
    return " ".join(words)


def _closed_class(value: str) -> frozenset[str]:
    """The words of which the value is one: all colours where it is a colour."""
    last = option_key(value).split()[-1:] or [""]
    return next(
        (members for members in CLOSED_CLASSES if last[0] in {option_key(m) for m in members}), frozenset()
    )


@lru_cache(maxsize=4096)
def _compile(names: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(_flexible(name) for name in names if name.strip())
    return re.compile(
        rf"(?<![\w-])(?:{alternatives})(?:(?<=[a-z]{{4}})s)?(?!\w|-(?!hand\b|most\b|side\b|colou?red\b)\w)", re.I
    )


def _flexible(name: str) -> str:
    words = []
    for word in re.findall(r"[^\s-]+", name):
        group = next((group for group in _SAME if word.lower() in group), None)
        pattern = "(?:" + "|".join(map(re.escape, group)) + ")" if group else re.escape(word)
        words.append(pattern + "(?:most)?" if word.lower() in _SIDES else pattern)
    return r"[\s-]*".join(words) if len(words) > 1 else "".join(words)
