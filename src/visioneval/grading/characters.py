"""Characters: one spelling for the many forms of digits, spaces, quotes and dashes.

Knows nothing of answers. Nothing that carries meaning is dropped: a minus, a decimal point, a leading zero
and the difference between O and 0 all survive.
"""

from __future__ import annotations

import re
import unicodedata

from visioneval.grading.regex import regex

_SINGLES = {
    **dict.fromkeys("‘’‚‛′ʼ´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑−﹣", "-"),
    "‒": "–",
    "―": "—",
    **dict.fromkeys("®™℠", ""),
    "\u2028": "\n",
    "\u2029": "\n",
    "。": ". ",
    "、": ", ",
    "،": ", ",
    "؛": ";",
    "؟": "?",
    "٫": ".",
    "٬": ",",
    "⁄": "/",
}


class _Spelling(dict[int, str]):
    """A translation table that looks up each character once, when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = spelled = self._spell(chr(code))
        return spelled

    @staticmethod
    def _spell(char: str) -> str:
        if char in _SINGLES:
            return _SINGLES[char]
        if "！" <= char <= "～":  # the full-width forms of ASCII
            return chr(ord(char) - 0xFEE0)
        category = unicodedata.category(char)
        if category == "Nd":
            return str(unicodedata.digit(char))
        if category == "No" and "⁄" in unicodedata.normalize("NFKC", char):
            return " " + unicodedata.normalize("NFKC", char).replace("⁄", "/")
        if category == "Zs":
            return " "
        if category in ("Cf", "Cc", "Cs") and char not in "\n\t":
            return "\n" if char in "\r\x0b\x0c\x85" else ""
        return char


_SPELLING = _Spelling()
_LEADING_MINUS = regex(r"^([^\w\n]*)−[^\S\n]*(?=\.?\d)", re.M)
"""A minus (never a bullet) that a line begins with is joined to its number."""
_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f]")


def plain_characters(text: str) -> str:
    """Write every digit, space, quote and hyphen in its ASCII form."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and not _CONTROL.search(text):
        return text
    if "−" in text:
        text = _LEADING_MINUS.sub(r"\1-", text)
    return text.translate(_SPELLING)


_DASHES = str.maketrans({"–": "-", "—": "-", "×": "x", "✕": "x", "✖": "x"})


def fold(text: str) -> str:
    """Fold what two spellings of one text may differ in: NFKC form, case, kinds of dash, white space."""
    folded = plain_characters(text).translate(_DASHES)
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    return " ".join(folded.casefold().split())


_TOKEN = regex(r"(?:(?<!\w)-)?\d[\d.,:/'\"]*|\.\d+|[^\W\d_]+(?:'[^\W\d_]+)*|[^\s\w.,;:!?\"'()\[\]{}*_`~-]|\d+")
_QUOTED = regex(r'(?<!\w)"([^"\n]{1,200})"(?!\w)')
_HYPHENATED = regex(r"(?<=[^\W\d_])-(?=[^\W\d_])")


def tokens(text: str) -> tuple[str, ...]:
    """Split into folded words and numbers; punctuation between them is dropped, inside numbers it is kept.

    >>> tokens("Smith, J. -- 10'2\\" X 16'")
    ('smith', 'j', "10'2\\"", 'x', "16'")
    """
    folded = _HYPHENATED.sub(" ", _QUOTED.sub(r" \1 ", fold(text)))
    return tuple("and" if word == "&" else word for word in map(_trim, _TOKEN.findall(folded)) if word)


def _trim(token: str) -> str:
    return token.rstrip(".,:/") if token[-1] in ".,:/" else token
