"""Edit distance, for transcriptions."""

from __future__ import annotations


def edit_distance(left: str, right: str) -> int:
    """Levenshtein distance by Myers' bit vectors (1999), in the form of Hyyrö (2003).

    Python's integers are the bit vectors, so that texts of some thousand characters take milliseconds.
    """
    if not left or not right:
        return len(left) + len(right)
    mask = (1 << len(left)) - 1
    top = 1 << (len(left) - 1)
    positions: dict[str, int] = {}
    for i, char in enumerate(left):
        positions[char] = positions.get(char, 0) | (1 << i)
    plus, minus, distance = mask, 0, len(left)
    for char in right:
        equal = positions.get(char, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        up = minus | (~(diagonal | plus) & mask)
        down = plus & diagonal
        distance += (up & top != 0) - (down & top != 0)
        up = ((up << 1) | 1) & mask
        down = (down << 1) & mask
        plus = down | (~(diagonal | up) & mask)
        minus = up & diagonal
    return distance


def within_distance(reference: str, text: str, rate: float) -> bool:
    """Tell whether the character error rate of a text against its reference is at most `rate`."""
    allowed = int(rate * len(reference))
    if reference == text:
        return True
    if abs(len(reference) - len(text)) > allowed:
        return False
    return edit_distance(reference, text) <= allowed
