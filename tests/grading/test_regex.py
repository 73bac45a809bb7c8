"""The rules' expressions are compiled late, but none is wrong."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re

from visioneval import grading
from visioneval.grading.regex import _Regex, regex


def test_every_expression_of_the_rules_compiles() -> None:
    for _, name, _ in pkgutil.iter_modules(grading.__path__):
        importlib.import_module(f"visioneval.grading.{name}")
    sources = {(each._source, each._flags) for each in gc.get_objects() if isinstance(each, _Regex)}
    assert len(sources) > 100
    for source, flags in sources:
        re.compile(source, flags)


def test_a_late_expression_does_what_a_compiled_one_does() -> None:
    late, compiled = regex(r"(\d+) nuts?", re.I), re.compile(r"(\d+) nuts?", re.I)
    for text in ("9 Nuts", "no nut", "1 nut and 2 nuts"):
        assert late.findall(text) == compiled.findall(text)
        assert late.sub("x", text) == compiled.sub("x", text)
    assert (late.pattern, late.flags) == (compiled.pattern, compiled.flags)
