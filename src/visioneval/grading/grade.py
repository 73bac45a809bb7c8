"""Grading: one reply against one expected answer -> a verdict with its reason. Pure.

The rule of a verdict is the answer's type where a value was compared ("integer", "text"), or one of

    refusal      the model will not or cannot tell
    truncation   the reply was cut off: never a pass, whatever it had said
    empty        there is no text
    too_long     more text than any answer needs
    hedging      two different final answers
    no_answer    nothing that could be a value of the type
    judge        only a judge can decide (outcome "ungraded" until one has)
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from visioneval.answers import Answer, Text
from visioneval.grading.answers import RULES, TextRule, ValueRule, rule_for
from visioneval.grading.characters import plain_characters
from visioneval.grading.extract import (
    Found,
    NotFound,
    after_correction,
    explicit_places,
    find_answer,
    labelled_answers,
    other_places,
)
from visioneval.grading.markup import LONGEST_REPLY, Page, read_page
from visioneval.grading.question import Question, understand
from visioneval.grading.refusal import declines, without_declining
from visioneval.grading.statements import final_statements, names_two_things
from visioneval.types import Outcome, Prompt, Reply, Stop, Verdict

GRADER_VERSION = "2"
"""Raised whenever a reply could be graded otherwise than before."""

_LONGEST_EXTRACT = 300


def grade(prompt: Prompt, reply: Reply) -> Verdict:
    """Grade one reply to one prompt."""
    return grade_text(prompt.question, prompt.answer, reply.text, stop=reply.stop)


def grade_text(question: str, answer: Answer, text: str, *, stop: Stop = "stop") -> Verdict:
    """Grade the text of a reply to a question.

    >>> from visioneval.types import Integer
    >>> grade_text("How many nuts are there?", Integer(9), "3 large + 6 small = **9 nuts**").outcome
    'pass'
    """
    if stop in ("refusal", "content_filter"):
        return _verdict("refused", _shorten(plain_characters(text)) or None, "refusal", "the host reported it")
    if len(text) > LONGEST_REPLY:
        return _verdict("invalid", None, "too_long", f"{len(text)} characters")
    asked, rule = _rule(question, _encode(answer), type(answer))
    page = read_page(text, ends_only=isinstance(rule, ValueRule) or not rule.whole_reply)
    if stop == "length":
        return _truncated(page, text, rule)
    if not page.lines:
        return _verdict("invalid", None, "empty")
    name = RULES[type(answer)]
    if isinstance(rule, ValueRule):
        return _grade_value(page, text, rule, asked, name)
    return _grade_statement(page, text, rule, asked, name, judge=isinstance(answer, Text) and answer.judge)


_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=2048)
def _rule(question: str, answer: bytes, kind: type[Answer]) -> tuple[Question, ValueRule | TextRule]:
    """The rule of a prompt, built once for all its replies."""
    understood = understand(question)
    return understood, rule_for(msgspec.json.decode(answer, type=kind), understood)


def _truncated(page: Page, raw: str, rule: ValueRule | TextRule) -> Verdict:
    """A reply that was cut off might have gone on to correct itself; what it had said is kept for the reader."""
    if isinstance(rule, ValueRule):
        found = find_answer(explicit_places(page, raw), rule.read)
        if isinstance(found, Found):
            return _verdict("truncated", found.hit.text, "truncation", f"had said so far: {found.place}")
    return _verdict("truncated", None, "truncation")


def _grade_value(page: Page, raw: str, rule: ValueRule, question: Question, name: str) -> Verdict:
    found, corrected = _find(page, raw, rule, question)
    if isinstance(found, NotFound):
        if not found.hedging and declines(page.text):
            return _verdict("refused", _shorten(page.text), "refusal")
        if found.hedging:
            return _verdict("invalid", ", ".join(found.seen[:8]), "hedging")
        return _verdict("invalid", None, "no_answer")
    right = rule.is_right(found.hit.value)
    notes = [found.place, found.hit.note, "after a correction" if corrected else ""]
    note = "; ".join(note for note in notes if note)
    return _verdict("pass" if right else "fail", _shorten(found.hit.text), name, note)


def _find(page: Page, raw: str, rule: ValueRule, question: Question) -> tuple[Found | NotFound, bool]:
    tail = after_correction(page.text)
    if tail is not None:
        found = _search(read_page(tail), tail, rule, question)
        if isinstance(found, Found) or found.hedging:
            return found, True
    return _search(page, raw, rule, question), False


def _search(page: Page, raw: str, rule: ValueRule, question: Question) -> Found | NotFound:
    found = find_answer(explicit_places(page, raw), rule.read)
    if isinstance(found, Found) or found.hedging:
        return found
    if declines(page.text):
        page = read_page(without_declining(page.text))
    return find_answer(other_places(page, question), rule.read)


def _grade_statement(
    page: Page, raw: str, rule: TextRule, question: Question, name: str, *, judge: bool
) -> Verdict:
    whole = "\n".join(page.lines)
    if rule.is_key(page.text) or rule.is_key(whole):
        return _verdict("pass", _shorten(whole), name, "whole reply")
    if not rule.whole_reply and after_correction(page.text) is None and names_two_things(page):
        return _verdict("invalid", _shorten(whole), "hedging")
    statements = final_statements(page, raw, question, whole_reply=rule.whole_reply)
    for place, statement in statements:
        if rule.is_right(statement):
            return _verdict("pass", _shorten(statement), name, place)
    said = statements[0][1] if statements else whole
    if declines(said if labelled_answers(page) else page.text):
        return _verdict("refused", _shorten(page.text), "refusal")
    if judge:
        return _verdict("ungraded", _shorten(said), "judge", "needs a judge")
    return _verdict("fail", _shorten(said), name, statements[0][0] if statements else "")


def _shorten(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST_EXTRACT else text[: _LONGEST_EXTRACT - 1] + "…"


def _verdict(outcome: Outcome, extracted: str | None, rule: str, note: str = "") -> Verdict:
    return Verdict(outcome=outcome, extracted=extracted, rule=rule, grader_version=GRADER_VERSION, note=note)
