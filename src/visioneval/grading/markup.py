"""Markup: a reply without its Markdown, LaTeX and thinking, and the places that the markup had pointed at."""

from __future__ import annotations

import re
from typing import NamedTuple

from visioneval.grading.characters import plain_characters
from visioneval.grading.regex import regex

LONGEST_REPLY = 100_000
"""Characters of a reply that are read; no answer needs more."""

OPENING, CLOSING = 1500, 2500
"""Of a longer reply to a question for one value, so many characters are read at its two ends."""

_THINKING_OPEN = regex(r"<(?:think|thinking|thought|reasoning|scratchpad)>", re.I)
_THINKING_CLOSE = regex(r"</(?:think|thinking|thought|reasoning|scratchpad)>", re.I)
_FENCE = regex(r"[ \t]*(?:```+|~~~+)[ \t]*[\w+-]*[ \t]*$")
_ONE_LINE_FENCE = regex(r"```([^`\n]+)```")
_BOLD = regex(r"\*\*([^*\n]+)\*\*|__([^_\n]+)__")
_EMPHASIS = regex(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]+)(?<=\S)_(?![\w_])")
_CODE = regex(r"`([^`\n]+)`")
_LINE_LEAD = regex(r"^[ \t]*(?:#{1,6}[ \t]+|>(?![ \t]*[=\d.])[ \t]?)+")
"""Marks of a heading and of a quotation; before a number ">" is a bound."""
_LIST_LEAD = regex(r"^[ \t]*(?:[-*•+–][ \t]+|\(?\d{1,3}[.)][ \t]+)(?=\S)")
_LATEX_MATHS = regex(r"\$\$([^$\n]+)\$\$|\$(?=[^\s$])([^$\n]{1,200})(?<=[^\s$])\$(?![\d\w])")
_LATEX_WORDS = regex(r"\\(?:text|textbf|mathrm|mathbf|mathit|operatorname)\s?\{([^{}\n]*)\}")
_LATEX_FRACTION = regex(r"\\[dt]?frac\{([^{}\n]*)\}\{([^{}\n]*)\}")
_LATEX_SUBSCRIPT = regex(r"(?<=[A-Za-z}])_(?:\{(\d{1,3})\}|(\d)(?!\w*_))")
_LATEX_SIGNS = (
    ("\\%", "%"),
    ("\\$", "$"),
    ("\\#", "#"),
    ("\\&", "&"),
    ("\\_", "_"),
    ("\\,", " "),
    ("\\;", " "),
    ("\\ ", " "),
    ("{,}", ","),
    ("^{\\circ}", "°"),
    ("^\\circ", "°"),
    ("\\times", "×"),
    ("\\approx", "≈"),
    ("\\rightarrow", "→"),
    ("\\to", "→"),
    ("\\(", " "),
    ("\\)", " "),
    ("\\[", " "),
    ("\\]", " "),
)
_LINK = regex(r"!?\[([^\[\]\n]*)\]\((?:https?:|#|/)[^()\s]*\)")
_BREAK = regex(r"<br\s*/?>", re.I)
_SPECIAL = regex(r"<\|[\w-]{1,40}\|>|</?s>")


class Page(NamedTuple):
    """A reply as a reader sees it."""

    text: str
    """Without thinking; markup kept."""
    lines: tuple[str, ...]
    """The lines that say something, without markup."""
    bold: tuple[str, ...]
    """What was set in bold (or in backticks, where nothing is bold), in order."""
    fences: tuple[str, ...]
    """Contents of code fences, in order."""


def without_thinking(text: str) -> str:
    """Drop what a reasoning model thought aloud between its tags; thinking that never ended leaves nothing."""
    if "<" not in text:
        return text
    before = text
    if closings := list(_THINKING_CLOSE.finditer(text)):
        text = text[closings[-1].end() :]
    if not text.strip():  # the answer stands before the thinking
        text = before
    opened = _THINKING_OPEN.search(text)
    return text[: opened.start()] if opened else text


def without_latex(text: str) -> str:
    """Write LaTeX as plain text: `$\\text{9 nuts}$` as `9 nuts`."""
    if "\\" in text or "_{" in text:
        text = _LATEX_SUBSCRIPT.sub(r"\1\2", text)
        text = _LATEX_FRACTION.sub(r"\1/\2", _LATEX_WORDS.sub(r"\1", text))
        for sign, instead in _LATEX_SIGNS:
            text = text.replace(sign, instead)
    if "$" in text:
        text = _LATEX_MATHS.sub(lambda found: found[1] or found[2], text)
    return text


def without_markup(line: str) -> str:
    """Drop emphasis, code marks, headings and quotation marks of Markdown from one line."""
    line = _LINE_LEAD.sub("", line)
    if "*" in line or "_" in line:
        line = _BOLD.sub(lambda found: found[1] or found[2], line)
        line = _EMPHASIS.sub(lambda found: found[1] or found[2], line)
        line = line.replace("**", "")
    if "`" in line:
        line = _CODE.sub(r"\1", line)
    return " ".join(line.split())


def without_list_mark(line: str) -> str:
    """Drop the bullet or the number that a list item begins with."""
    return _LIST_LEAD.sub("", line)


def read_page(reply: str, *, ends_only: bool = False) -> Page:
    """Read a reply once, for all the rules; with `ends_only` the middle of a long one is left out."""
    text = without_thinking(plain_characters(reply)).strip()
    if ends_only and len(text) > OPENING + CLOSING:
        text = text[:OPENING] + "\n...\n" + text[-CLOSING:]
    text = _BREAK.sub("\n", _SPECIAL.sub("", text)) if "<" in text else text
    text = without_latex(text)
    text = _LINK.sub(r"\1", text) if "](" in text else text
    fences: tuple[str, ...] = ()
    if "```" in text or "~~~" in text:
        text, fences = _open_fences(_ONE_LINE_FENCE.sub(r"\1", text))
    lines = tuple(line for raw in text.split("\n") if (line := without_markup(raw)) and not _is_rule(line))
    bold = (
        tuple((found[1] or found[2]).strip() for found in _BOLD.finditer(text))
        if "**" in text or "__" in text
        else ()
    )
    if not bold and "`" in text:
        bold = tuple(found[1].strip() for found in _CODE.finditer(text))
    return Page(text=text, lines=lines, bold=bold, fences=fences)


def _open_fences(text: str) -> tuple[str, tuple[str, ...]]:
    """Drop the marks of code fences; return the text and what each fence held."""
    kept: list[str] = []
    fences: list[str] = []
    start: int | None = None
    for line in text.split("\n"):
        if not _FENCE.match(line):
            kept.append(line)
        elif start is None:
            start = len(kept)
        else:
            fences.append("\n".join(kept[start:]).strip())
            start = None
    if start is not None:
        fences.append("\n".join(kept[start:]).strip())
    return "\n".join(kept), tuple(fences)


def _is_rule(line: str) -> bool:
    return not line.strip("-=*_~ ") and "-" * 2 in line
