"""Words: the closed lists of English that the rules know, and the stems that let two forms of a word meet."""

from __future__ import annotations

from functools import lru_cache

from visioneval.grading.regex import regex

ARTICLES = frozenset("a an the".split())

FRAME = ARTICLES | frozenset(
    """
    is are was were be been being 's it its it's that's there's here's this that these those there here he she they
    image picture photo photograph photos images screenshot scan diagram shown showing shows show display displays
    displayed depicts depicted appears appear seems seem visible seen see read reads reading says say states stated
    written labelled labeled marked called named given listed printed indicated indicates located found placed
    positioned based on in at of to by from as for with within under according looking i can we you my me would
    could which what who whom whose when where how and so therefore thus hence answer final correct likely probably
    clearly also just only simply certainly sure okay ok well has have had does do did
    """.split()
)
"""Words that frame an answer without being one."""

STOP = FRAME | frozenset(
    """
    any some all many much more most please return respond reply give tell one two or if no not yes than then
    only like format number count each other
    """.split()
)
"""Words of a question that say nothing about its subject."""

NEGATORS = frozenset(
    """
    not no never none nothing neither nor without cannot can't isn't aren't wasn't weren't doesn't don't didn't
    won't hasn't haven't hadn't couldn't wouldn't shouldn't lacks lack lacking absent absence nobody nowhere ain't
    """.split()
)

DOUBT = frozenset("or maybe perhaps possibly either unless might doubt unsure versus vs".split())

COLOURS = frozenset(
    """
    red orange yellow green blue purple violet pink brown black white grey gray amber gold golden silver copper
    turquoise teal cyan magenta beige cream maroon navy tan
    """.split()
)
REMARKS = COLOURS | frozenset(
    "small large big tiny huge long short deep shallow thin thick minor major slight noticeable single".split()
)
"""Words before the name of a thing that do not make it another thing."""
PLACES = frozenset("left right top bottom middle center centre front back upper lower".split())
COMPASS = frozenset("north south east west northeast northwest southeast southwest".split())
WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
MONTHS = "january february march april may june july august september october november december".split()
SHAPES = frozenset("circle square triangle rectangle oval hexagon pentagon octagon star diamond".split())
TURNS = frozenset(("clockwise", "counterclockwise", "anticlockwise", "counter clockwise", "anti clockwise"))
CLOSED_CLASSES: tuple[frozenset[str], ...] = (
    COLOURS,
    PLACES,
    COMPASS,
    WEEKDAYS,
    frozenset(MONTHS),
    SHAPES,
    TURNS,
)
"""Words of which an answer names one: where the question lists no options, these are the options."""

EQUALS = {
    "grey": "gray",
    "centre": "center",
    "middle": "center",
    "upper": "top",
    "leftmost": "left",
    "rightmost": "right",
    "topmost": "top",
    "bottommost": "bottom",
    "lower": "bottom",
    "golden": "gold",
    "anticlockwise": "counterclockwise",
    "counter clockwise": "counterclockwise",
    "anti clockwise": "counterclockwise",
    "transparent": "clear",
    "cw": "clockwise",
    "ccw": "counterclockwise",
}
"""Two names of one option."""

_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "teeth": "tooth",
    "feet": "foot",
    "geese": "goose",
    "mice": "mouse",
    "leaves": "leaf",
    "knives": "knife",
    "shelves": "shelf",
    "loaves": "loaf",
    "wolves": "wolf",
    "broken": "break",
    "broke": "break",
    "torn": "tear",
    "bent": "bend",
    "fell": "fall",
    "fallen": "fall",
    "lying": "lie",
    "lies": "lie",
    "ran": "run",
    "held": "hold",
    "got": "get",
    "won": "win",
    "sold": "sell",
    "bought": "buy",
    "wrote": "write",
    "written": "write",
    "made": "make",
    "sat": "sit",
    "stood": "stand",
    "drawn": "draw",
    "drew": "draw",
    "took": "take",
    "taken": "take",
    "gave": "give",
    "given": "give",
    "paid": "pay",
    "built": "build",
    "sent": "send",
    "began": "begin",
    "hung": "hang",
    "chosen": "choose",
    "chose": "choose",
    "drove": "drive",
    "worn": "wear",
    "wore": "wear",
}
_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ing", ""),
    ("ed", ""),
    ("ly", ""),
    ("es", "e"),
    ("s", ""),
)
_DOUBLED = regex(r"([bdgklmnprt])\1$")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Cut a word to what its forms share: coins and coin, scratched and scratches, people and person."""
    if word in _IRREGULAR:
        return _IRREGULAR[word].removesuffix("e")
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = _DOUBLED.sub(r"\1", word.removesuffix(ending)) + instead
            break
    return word.removesuffix("e")
