"""The map in CONTRIBUTING.md is the one that the imports draw: each layer knows only those below it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "visioneval"
LONGEST_MODULE = 440
PURE = ("grading", "stats", "aggregate", "compare", "ranking")
UNREACHABLE = ("providers", "runner", "batching", "benchmark", "store", "cli", "report")


def modules() -> dict[str, Path]:
    """Return every module by its name below `visioneval`."""
    paths = sorted(SOURCE.rglob("*.py"))
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path for path in paths
    }


MODULES = modules()


def imported_by(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a file imports, wherever in it: late imports are dependencies too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "visioneval":
            below = (node.module or "").partition(".")[2]
            for alias in node.names:
                whole = f"{below}.{alias.name}".lstrip(".")
                yield whole if whole in MODULES else below
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("visioneval.")
            )


GRAPH = {name: sorted(set(imported_by(path)) - {name, ""}) for name, path in MODULES.items()}


def layers() -> list[list[str]]:
    """Return the layers of the map, from the top one down, as CONTRIBUTING.md lists them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- layers -->") :].split("\n\n")[1]
    return [re.findall(r"`([\w/]+)(?:\.py)?`", line.split("|")[2]) for line in table.splitlines()[2:]]


def rank(module: str) -> int:
    """Return how high a module stands; 0 is the bottom."""
    for height, names in enumerate(reversed(layers())):
        if module in names or module.split(".")[0] in names:
            return height
    raise AssertionError(f"{module} is not on the map in CONTRIBUTING.md")


def test_each_module_imports_its_own_layer_and_those_below() -> None:
    known = {module: rank(module) for module in MODULES if module not in ("__init__", "__main__")}
    upward = [(module, other) for module in known for other in GRAPH[module] if known[other] > known[module]]
    assert not upward


def test_no_modules_import_each_other_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in GRAPH.get(module, ()):
                visit(other, (*path, module))
            done.add(module)

    for module in GRAPH:
        visit(module, ())


def test_what_comes_after_the_network_knows_nothing_of_it() -> None:
    pure = [module for module in GRAPH if module.split(".")[0] in PURE]
    reached = [(module, other) for module in pure for other in GRAPH[module] if other.split(".")[0] in UNREACHABLE]
    assert len(pure) > len(PURE)
    assert not reached


def test_each_module_can_be_read_in_one_sitting() -> None:
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: length for module, length in lines.items() if length > LONGEST_MODULE} == {}
