"""Extraction: where in a reply its final answer stands.

A reply is searched in places, the most explicit first: a declared field, a labelled answer, the whole reply
where it is short, the opening or the closing line, what is in bold, the conclusion, the sentence that takes up
the question, and at last the whole text. The first place with exactly one value decides. Two different values
in a place where a final answer is declared, or no place with only one, are hedging.

What a value is depends on the type: `find_answer` takes a reader that finds values in a span.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from visioneval.grading.characters import tokens
from visioneval.grading.hits import Hit, Reader, distinct
from visioneval.grading.markup import Page, without_list_mark, without_markup
from visioneval.grading.question import Question
from visioneval.grading.refusal import cannot_tell
from visioneval.grading.regex import regex
from visioneval.grading.words import FRAME, PLACES, STOP, stem

SHORT_WORDS = 40
"""A reply of one line and at most so many words is read as a whole."""
BARE_WORDS = 5
"""A line of at most so many words can be nothing but an answer."""


class Place(NamedTuple):
    """A kind of place in a reply, and the spans of text that stand there."""

    name: str
    spans: tuple[str, ...]
    final: bool = False
    """Here a final answer is declared, so that two different ones are hedging."""


class Found(NamedTuple):
    """The one value that a reply settles on."""

    hit: Hit
    place: str


class NotFound(NamedTuple):
    """No one value: several (hedging), or none."""

    hedging: bool
    seen: tuple[str, ...] = ()


def find_answer(places: Sequence[Place] | Iterator[Place], read: Reader) -> Found | NotFound:
    """Find the value that the most explicit place settles on; what is said goes before what is implied."""
    seen: dict[str, None] = {}
    implied: Found | None = None
    for place in places:
        hits = distinct(hit for span in place.spans for hit in read(span))
        if len(hits) == 1 and hits[0].definite:
            if place.final or hits[0].rank == 0:
                return Found(hits[0], place.name)
            implied = implied or Found(hits[0], place.name)
        seen |= dict.fromkeys(hit.text for hit in hits)
        if hits and place.final:
            return NotFound(hedging=True, seen=tuple(seen))
    return implied or NotFound(hedging=bool(seen), seen=tuple(seen))


# ----------------------------------------------------------------------------------------------
# Declared fields
# ----------------------------------------------------------------------------------------------

_FIELDS = (
    "answer",
    "final_answer",
    "finalanswer",
    "final answer",
    "result",
    "response",
    "value",
    "output",
    "prediction",
)
_TAG = regex(r"<(answer|final_answer|final)>([^<>]{0,2000})</\1>", re.I)
_BOX = regex(r"\\(?:boxed|fbox)\s*\{")
_GLM_BOX = regex(r"<\|begin_of_box\|>([^<]{0,2000})<\|end_of_box\|>")


def declared(page: Page, raw: str) -> tuple[str, ...]:
    """Read the answers that are declared as such by form: a JSON field, an answer tag, a LaTeX box."""
    if values := tuple(_json_answers(page)):
        return values
    if "<" in raw:
        found = [match[2] for match in _TAG.finditer(page.text)] + _GLM_BOX.findall(raw)
        if found:
            return tuple(text.strip() for text in found)
    return tuple(_boxes(page.text)) if "\\" in page.text else ()


def _json_answers(page: Page) -> Iterator[str]:
    sources = [source for source in (*page.fences, page.text) if "{" in source or source[:1] in '["']
    for source in sources:
        answers = [text for value in _json_values(source) if (text := _answer_in(value)) is not None]
        if answers:
            yield from dict.fromkeys(answers)
            return


def _json_values(text: str) -> Iterator[object]:
    """The JSON objects that stand in a text, or the one value that it is."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, object_pairs_hook=_Fields)
    try:
        yield decoder.decode(text)
        return
    except (ValueError, RecursionError):
        pass
    position = text.find("{")
    for _ in range(20):
        if position < 0:
            return
        try:
            value, position = decoder.raw_decode(text, position)
            yield value
        except (ValueError, RecursionError):
            position += 1
        position = text.find("{", position)


class _Fields(list[tuple[str, object]]):
    """A JSON object with its fields in order, repeated names included."""


def _answer_in(value: object) -> str | None:
    if not isinstance(value, _Fields):
        return _as_text(value) if isinstance(value, str) else None
    named = [field for name, field in value if name.strip().lower() in _FIELDS]
    if not named and len(value) == 1:
        named = [value[0][1]]
    texts = list(dict.fromkeys(text for field in named if (text := _as_text(field)) is not None))
    return "\n".join(texts) or None


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, _Fields):
        inner = _answer_in(value)
        return inner if inner is not None else ", ".join(f"{name}: {_as_text(field)}" for name, field in value)
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return None if value is None else without_markup(str(value)) if "\n" not in str(value) else str(value)


def _boxes(text: str) -> Iterator[str]:
    for match in list(_BOX.finditer(text))[:50]:
        depth, end = 1, match.end()
        limit = min(len(text), end + 2000)
        while end < limit and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        if not depth:
            yield without_markup(text[match.end() : end - 1]).strip()


# ----------------------------------------------------------------------------------------------
# Places in the text
# ----------------------------------------------------------------------------------------------

_SENTENCE_END = regex(
    r"(?<=[.!?])(?<!\bNo\.)(?<!\bno\.)(?<!\bapprox\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bvs\.)(?<!\bSt\.)[\"')*]*\s+(?=\S)"
)
_ANSWER_LABEL = regex(
    r"(?:(?:^|(?<=[.!?:;,\s*(]))(?:so,?\s+|therefore,?\s+|thus,?\s+|hence,?\s+)?(?:(?:my|the|our|your|a"
    r"|this|correct|right|final|short|overall|estimated|best|expected|concise)\s+){0,4}"
    r"\b(?:final answer|correct answer|answer|ans|final result|final count|conclusion|verdict|response)\b"
    r"(?:\s+(?:to (?:the|this|your) (?:question|problem|query)|here|in (?:the )?\w+|for (?:the )?\w+))?"
    r"\s*(?:\bis\b(?:\s+therefore|\s+that|\s+as follows)?|\bwould be\b|\bwill be\b|\bshould be\b"
    r"|\bmust be\b|\bcan only be\b|[:=→]|\s[-–—](?=\s))\s*:?\s*)",
    re.I,
)
_LABEL_WORD = regex(r"\b(?:answer|ans|result|count|conclusion|verdict|response)\b", re.I)
_TOTAL_LABEL = regex(
    r"^(?:(?:the\s+)?(?:grand\s+|overall\s+|final\s+)?(?:total|sum|count|result|reading"
    r"|tally)(?:\s+(?:number|count|sum|amount))?(?:\s+of\s+[\w\s-]{1,40})?(?:\s+is"
    r"|\s+comes to)?\s*[:=]?\s*)(?=\S)",
    re.I,
)
_CONCLUSION = regex(
    r"^(?:[*_\s]*)(?:so|therefore|thus|hence|overall|in total|altogether|in conclusion|to conclude"
    r"|in summary|to summari[sz]e|consequently|accordingly"
    r"|that (?:makes|gives|is|leaves|means)|this (?:makes|gives|means|leaves|indicates)"
    r"|adding (?:\w+\s){0,3}up|combining|based on (?:this|these|the|my)|as a result"
    r"|counting (?:them )?all|summing|conclusion|all in all)\b"
    r"|\b(?:in total|altogether|for a total of|a total of|total of|total number|the total)\b",
    re.I,
)
_CORRECTION = regex(
    r"(?:^|(?<=[.!?;…—–\n(])\s*|(?<=\.\.\.)\s*)[\s*_-]*(?:hmm+,?\s*)?(?:oh,?\s*)?(?:but\s+)?(?:wait\b"
    r"|no,\s*wait\b|hold on|actually\b|on second thought|on closer (?:inspection|look)"
    r"|looking (?:again|more closely|closer)|upon closer|scratch that"
    r"|let me (?:re-?\s?(?:count|check|examine|consider|evaluate|read|think|do|look|verify)|look again"
    r"|count again|double[ -]check|correct)|correction\b|i made (?:a|an) (?:mistake|error)"
    r"|i mis(?:counted|read|spoke)|my mistake|apologies|edit:)"
    r"|(?<=,)\s*(?:no,?\s+)?wait\b(?=\s*[,.!…:–—-])",
    re.I,
)


def sentences(line: str) -> list[str]:
    """Split a line at the ends of its sentences."""
    return [part.strip() for part in _SENTENCE_END.split(line) if part.strip()]


def explicit_places(page: Page, raw: str) -> Iterator[Place]:
    """Places where a final answer is declared, or nothing else stands."""
    if fields := declared(page, raw):
        yield Place("declared field", fields, final=True)
    if labelled := labelled_answers(page):
        yield Place("labelled answer", labelled, final=True)
    if cannot_tell(page.text):
        return
    if len(page.lines) == 1 and len(page.lines[0].split()) <= BARE_WORDS:
        yield Place("whole reply", page.lines, final=True)
    elif page.lines and (edges := _edges(page)):
        yield Place("opening and closing", edges, final=True)


def other_places(page: Page, question: Question) -> Iterator[Place]:
    """Places where the answer can stand among other things."""
    if not page.lines:
        return
    if bold := _bold_in(page, page.lines[-1]):
        yield Place("bold in the last line", bold)
    if page.bold:
        yield Place("bold", _bold(page))
    if len(page.lines) == 1 and len(page.lines[0].split()) <= SHORT_WORDS:
        yield Place("whole reply", page.lines)
    if _is_list_of_labels(page):
        yield Place("list of labels", ("\n".join(page.lines),), final=True)
    parts = _with_wholes([part for line in page.lines for part in sentences(line)])
    concluding = [part for part in parts if _CONCLUSION.search(part)]
    if concluding:
        yield Place("conclusion", (concluding[-1],))
    if about := _most_about(parts, question):
        yield Place("sentence about the question", about)
    yield (
        Place("first sentence", (parts[0],))
        if _takes_up(parts[0], question)
        else Place("last sentence", (parts[-1],))
    )
    yield Place("only candidate", ("\n".join(page.lines),))


_MOST_LABELS, _LONGEST_LABELLED = 10, 2000


def labelled_answers(page: Page) -> tuple[str, ...]:
    """What follows "Answer:", "The final answer is" and the like; "final" ones alone, where there are any."""
    found: list[tuple[bool, str]] = []
    for i, line in enumerate(page.lines):
        matches = list(_ANSWER_LABEL.finditer(line)) if _LABEL_WORD.search(line) else []
        if not matches:
            if re.fullmatch(r"[\W_]*(?:final\s+|correct\s+)?answer[\W_]*", line, re.I) and i + 1 < len(page.lines):
                found.append(("final" in line.lower(), page.lines[i + 1]))
            continue
        for match in matches[-_MOST_LABELS:]:
            rest = line[match.end() :][:_LONGEST_LABELLED].strip()
            if not rest and i + 1 < len(page.lines):
                rest = "\n".join(page.lines[i + 1 :]) if len(found) < _MOST_LABELS else ""
            if rest:
                found.append(("final" in match[0].lower(), sentences(rest)[0] if "\n" not in rest else rest))
    final = [text for is_final, text in found if is_final]
    return tuple(final or [text for _, text in found])


def _edges(page: Page) -> tuple[str, ...]:
    """The opening and the closing of a reply, where they are nothing but a value or a total."""
    edges: list[str] = []
    if _is_list_of_labels(page):
        return ()
    first, last = page.lines[0], page.lines[-1]
    counting_aloud = len(page.lines) > 2 and _is_bare(page.lines[1])
    if _is_bare(first) and not counting_aloud:
        edges.append(first)
    elif not counting_aloud and (lead := _lead(first)):
        edges.append(lead)
    if len(page.lines) > 1 or not edges:
        closing = sentences(last)[-1]
        total = _TOTAL_LABEL.match(closing)
        if _is_bare(closing) and (len(page.lines) > 1 or len(sentences(last)) > 1):
            edges.append(closing)
        elif total:
            edges.append(closing[total.end() :])
    return tuple(edges)


_ABOUT_A_THING = regex(r"(?:the|an?|this|that)\s+[a-z]{3,}\s+(?:is|are|was|were|has|reads|says|shows)\b", re.I)


_LABELLED_LINE = regex(r"[^\w\n]*[^\W\d]+(?: [^\W\d]+){0,3}\.?\s*:\s*\S")


def _is_list_of_labels(page: Page) -> bool:
    """Tell whether a reply is nothing but a list such as "Home: 21", "Away: 14"."""
    return len(page.lines) > 1 and all(_LABELLED_LINE.match(line) for line in page.lines)


def _is_bare(line: str) -> bool:
    bare = without_list_mark(line)
    short = len(bare.split()) <= BARE_WORDS and not bare.endswith((":", "?"))
    return short and bare == line and not _ABOUT_A_THING.match(line) and not _OF_THE_REST.search(line)


_OF_THE_REST = regex(r"\b(?:others|the (?:other|rest|remaining)) ", re.I)
"""What a closing remark may be about: "6 wear helmets. Two others are bareheaded."."""


_DOUBT = regex(r"\b(?:might|may|could)\s+(?:\w+\s+)?be\b|\bor maybe\b", re.I)
_LEAD_END = regex(r"\s[-–—]+\s(?!\s*\d)|[.!;]\s|\s\(|:\s")


def _lead(line: str) -> str:
    """The first words of a line, where they end in a mark: "9" of "9 - three on the left and six behind"."""
    match = _LEAD_END.search(line)
    lead = line[: match.start()] if match else ""
    if not match or match[0].strip() == ":" or not 0 < len(lead.split()) <= 2:
        return ""
    first = lead.split()[0]
    if match[0].strip(" -–—") == "" and first.lower() in ("yes", "no"):
        return ""  # what the sentence goes on to say belongs to it
    if _DOUBT.search(line, match.end()):
        return ""
    return lead if len(lead.split()) == 1 or not first.isalpha() or first.lower() in FRAME | PLACES else ""


_PART = regex(r"\bof (?:which|whom|them|these|those)\b", re.I)


def _bold_in(page: Page, line: str) -> tuple[str, ...]:
    return tuple(text for text in _bold(page) if text and text in line)


def _bold(page: Page) -> tuple[str, ...]:
    """What is bold, but for headings and for a total that its line goes on to take a part of."""
    return tuple(
        text
        for text in page.bold
        if not text.endswith(":") and not any(_goes_on(line, text) for line in page.lines)
    )


def _goes_on(line: str, text: str) -> bool:
    part = _PART.search(line, line.find(text) + len(text)) if text in line else None
    return part is not None and bool(line[line.find(text) + len(text) : part.start()].strip())


_PART_FIRST = regex(r"\W*(?:(?:only|just)\s+)?[\w-]+ of (?:them|these|those)\b|of (?:them|these|those)\b", re.I)


def _with_wholes(parts: list[str]) -> list[str]:
    """Read "6 of them are cracked." together with the sentence before it."""
    joined: list[str] = []
    for part in parts:
        if joined and _PART_FIRST.match(part):
            joined[-1] += " " + part
        else:
            joined.append(part)
    return joined


def _takes_up(sentence: str, question: Question) -> bool:
    return 2 * len(_shared(sentence, question)) >= len(question.words)


def _shared(sentence: str, question: Question) -> set[str]:
    return {stem(word) for word in tokens(sentence) if word not in STOP} & question.words


def _most_about(parts: Sequence[str], question: Question) -> tuple[str, ...]:
    """The sentences that repeat most of the question, if they repeat at least half of it."""
    if not question.words or len(parts) < 2 or len(parts) > 400:
        return ()
    shares = [len(_shared(part, question)) for part in parts]
    best = max(shares)
    if 2 * best < len(question.words):
        return ()
    return tuple(part for part, share in zip(parts, shares, strict=True) if share == best)


_NO_WAIT = regex(r"[\s*_-]*no,?\s*wait\b", re.I)
"""A "no" that is taken back or takes something back: neither is the answer."""


def after_correction(text: str) -> str | None:
    """The text after the last point where the reply corrects itself ("Wait, ..."), or None."""
    last = None
    for match in _CORRECTION.finditer(text):
        last = match
    if last is None or (last.start() == 0 and not _NO_WAIT.match(text)):
        return None
    return text[last.end() :].strip(" ,:.-*") or None
