"""The site: every page of one group of runs, as path -> HTML.

Pages are pure functions of the runs and the pictures that are here. Links are relative, so that the site
opens from disk and from any folder of a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from itertools import combinations
from typing import Any

import jinja2
from msgspec import Struct
from msgspec.structs import replace

from visioneval import stats
from visioneval.aggregate import ENOUGH_PERCENT, FEWEST_FOR_PERCENT
from visioneval.answers import answer_type, key_text
from visioneval.compare import Comparison, Contest, GradedRun, compare, corrected
from visioneval.pricing import usage_cost_usd
from visioneval.report import charts, facts, form, words
from visioneval.report.classic import SCORE_KEY, note, score_table, shares_of_a_batch
from visioneval.report.collect import Group
from visioneval.report.leaderboard import ItemHealth, Standing, item_health
from visioneval.report.pictures import Picture
from visioneval.report.sheet import below, sections, sections_with_best_of
from visioneval.types import OUTCOMES, VERDICT_OUTCOMES, GradedRecord, Prompt

MOST_COMPARED = 24
"""Models that get a page for each pair: 276 pages. `visioneval compare` has no limit."""
ASSETS = ("site.css", "site.js", "icon.svg")


class Shown(Struct, frozen=True):
    """A run with its name and its pages."""

    name: str
    run: GradedRun
    note: str
    page: str
    """Of the model under this condition; the run's own page for a run that is not the shown one."""
    run_page: str
    standing: Standing | None


class Answer(Struct, frozen=True):
    """One reply to one prompt, as a page shows it."""

    shown: Shown
    entry: GradedRecord
    usd: Decimal | None


class Pair(Struct, frozen=True):
    """Two shown runs with their comparison and its page."""

    a: Shown
    b: Shown
    comparison: Comparison
    in_matrix: Contest | None
    """The overall contest, corrected by Holm over the pairs of runs that saw the pictures; None for others."""
    page: str


class Site:
    """One group of runs as pages."""

    def __init__(
        self,
        group: Group,
        standing: Sequence[Standing],
        pictures: Mapping[str, Picture],
        others: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Prepare the pages; `others` are the names and links of further groups."""
        self.group, self.pictures, self.others = group, pictures, others
        slugs = Slugs()
        self.shown = [self._shown(place, run, slugs) for place, run in zip(standing, group.shown, strict=True)]
        self.names = {shown.run.summary.run.identity: shown.name for shown in self.shown}
        self.older = [self._older(run, slugs) for run in group.others]
        self.prompts = list({prompt.id: prompt for run in group.runs for prompt in run.prompts}.values())
        self.prompt_pages = {
            prompt.id: f"prompts/{slugs.of('prompts', prompt.id)}.html" for prompt in self.prompts
        }
        self.environment = _environment()

    def _shown(self, standing: Standing, run: GradedRun, slugs: Slugs) -> Shown:
        page = f"models/{slugs.of('models', standing.name)}.html"
        run_page = f"runs/{slugs.of('runs', run.summary.run.id)}.html"
        return Shown(standing.name, run, standing.note, page, run_page, standing)

    def _older(self, run: GradedRun, slugs: Slugs) -> Shown:
        page = f"runs/{slugs.of('runs', run.summary.run.id)}.html"
        of = run.summary.run
        return Shown(f"{self.names[of.identity]} [{of.id}]", run, note(run.summary), page, page, None)

    @cached_property
    def health(self) -> list[ItemHealth]:
        return item_health(self.group.shown)

    @cached_property
    def pairs(self) -> list[Pair]:
        chosen = self.shown[:MOST_COMPARED]
        found = [
            (a, b, compare(a.run, b.run))
            for a, b in combinations(chosen, 2)
            if any(prompt_id in b.run.scores for prompt_id in a.run.scores)
        ]
        family = iter(corrected([comparison.overall for a, b, comparison in found if _sees(a) and _sees(b)]))
        return [
            Pair(
                a,
                b,
                comparison,
                next(family) if _sees(a) and _sees(b) else None,
                f"compare/{_stem(a.page)}--{_stem(b.page)}.html",
            )
            for a, b, comparison in found
        ]

    @cached_property
    def matrix(self) -> list[Pair]:
        """The pairs that are tested as one family: of runs that saw the pictures."""
        return [pair for pair in self.pairs if pair.in_matrix is not None]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Yield path and HTML of every page, and the text of every asset."""
        yield "index.html", self._render("index.html", "index.html", **self._leaderboard())
        yield "prompts.html", self._render("prompts.html", "prompts.html", health=self.health)
        yield "compare.html", self._render("compare_all.html", "compare.html", **self._compare_all())
        yield "methodology.html", self._render("methodology.html", "methodology.html", **self._methodology())
        for shown in self.shown:
            yield shown.page, self._render("model.html", shown.page, **self._model(shown))
        for shown in (*self.shown, *self.older):
            yield shown.run_page, self._render("run.html", shown.run_page, **self._run(shown))
        for pair in self.pairs:
            yield pair.page, self._render("compare.html", pair.page, **self._pair(pair))
        for place, prompt in enumerate(self.prompts):
            page = self.prompt_pages[prompt.id]
            yield page, self._render("prompt.html", page, **self._prompt(place, prompt))
        for name in ASSETS:
            yield f"assets/{name}", files("visioneval.report").joinpath("assets", name).read_text("utf-8")

    def _render(self, template: str, path: str, **context: Any) -> str:
        root = "../" * path.count("/")
        return self.environment.get_template(template).render(site=self, root=root, path=path, **context) + "\n"

    # What each kind of page shows

    def _leaderboard(self) -> dict[str, Any]:
        summaries = [shown.run.summary for shown in self.shown]
        categories = list(dict.fromkeys(category for summary in summaries for category in summary.by_category))
        tied = [shown.name for shown in self.shown if shown.standing and shown.standing.tied_with_first]
        cost = {shown.name: shown.run.summary.task_usd for shown in self.shown}
        time = {shown.name: _p50(shown) for shown in self.shown}
        computed = {shown.name for shown in self.shown if shown.run.summary.computed_cost}
        shares = {s.name for s in self.shown if s.run.summary.run.loaded and shares_of_a_batch(s.run.summary.run)}
        return {
            "categories": categories,
            "cost_chart": charts.scatter(self._marks(cost, computed), lambda usd: form.usd(Decimal(repr(usd)))),
            "cost_missing": self._missing(cost, "cost not known"),
            "time_chart": charts.scatter(self._marks(time, shares), form.seconds),
            "time_missing": self._missing(time, "not timed"),
            "tied": tied,
        }

    def _marks(self, values: Mapping[str, float | Decimal | None], computed: Set[str]) -> list[charts.Mark]:
        """Return a mark for each ranked run that looks at pictures and has a value."""
        return [
            charts.Mark(shown.name, shown.page, float(x), shown.run.summary.overall, shown.name in computed)
            for shown in self.shown
            if (x := values[shown.name]) is not None and shown.run.summary.ranked and shown.run.summary.run.sighted
        ]

    def _missing(self, values: Mapping[str, object], unknown: str) -> list[tuple[str, str]]:
        """Return name and reason of each run that a chart leaves out."""
        return [
            (shown.name, reason)
            for shown in self.shown
            if (reason := _why_not_drawn(shown, unknown if values[shown.name] is None else ""))
        ]

    def _model(self, shown: Shown) -> dict[str, Any]:
        run = shown.run
        identity = run.summary.run.identity
        return {
            "shown": shown,
            "table": score_table([run.summary]),
            "answers": [self._answer(shown, entry) for entry in run.graded],
            "older": [other for other in self.older if other.run.summary.run.identity == identity],
            "blind": self._blind_pair(shown),
            "epochs": facts.epochs(run),
            "pairs": [pair for pair in self.pairs if shown.name in (pair.a.name, pair.b.name)],
        }

    def _blind_pair(self, shown: Shown) -> Pair | None:
        """Return the comparison of this run with the same one without the picture, blind one first."""
        identity = shown.run.summary.run.identity
        condition = identity.condition
        twin = replace(identity, condition=replace(condition, blind=not condition.blind))
        other = next((s for s in self.shown if s.run.summary.run.identity == twin), None)
        if other is None or not set(shown.run.scores) & set(other.run.scores):
            return None
        blind, sighted = (shown, other) if condition.blind else (other, shown)
        comparison = compare(blind.run, sighted.run)
        return Pair(blind, sighted, comparison, None, "")

    def _run(self, shown: Shown) -> dict[str, Any]:
        return {
            "shown": shown,
            "timeline": charts.timeline(shown.run.graded),
            "without": [e for e in shown.run.graded if e.verdict.outcome not in VERDICT_OUTCOMES],
            "conditions": facts.conditions(shown.run.summary),
            "provenance": facts.provenance(shown.run.summary),
        }

    def _prompt(self, place: int, prompt: Prompt) -> dict[str, Any]:
        answers = [
            self._answer(shown, entry) for shown in self.shown for entry in shown.run.by_prompt.get(prompt.id, ())
        ]
        around = (self.prompts[place - 1] if place else None, *self.prompts[place + 1 : place + 2])
        return {
            "prompt": prompt,
            "picture": self.pictures.get(prompt.image),
            "accepted": facts.accepted(prompt.answer),
            "health": self._health_by_id.get(prompt.id) or ItemHealth(prompt, 0, 0, 0, 0, None),
            "answers": answers,
            "before": around[0],
            "after": around[1] if len(around) > 1 else None,
        }

    @cached_property
    def _health_by_id(self) -> dict[str, ItemHealth]:
        return {health.prompt.id: health for health in self.health}

    def _answer(self, shown: Shown, entry: GradedRecord) -> Answer:
        reply = entry.record.reply if entry.record else None
        return Answer(shown, entry, usage_cost_usd(shown.run.summary.run, reply.usage) if reply else None)

    def _compare_all(self) -> dict[str, Any]:
        seeing = [shown for shown in self.shown if _sees(shown)]
        names = [shown.name for shown in seeing]
        runs = [shown.run for shown in seeing]
        ranked = [run.summary.ranked for run in runs]
        return {
            "seeing": seeing,
            "names": names,
            "sections": sections_with_best_of(runs, names, ranked) if seeing else (),
            "best": f"Best of the {sum(ranked)} ranked"
            if 1 < sum(ranked) < len(runs)
            else f"Best of all {len(runs)}",
            "places": {(pair.a.name, pair.b.name): pair for pair in self.matrix},
            "left_out": [shown for shown in self.shown[MOST_COMPARED:] if _sees(shown)],
            "blind": [shown for shown in self.shown if not _sees(shown)],
        }

    def _pair(self, pair: Pair) -> dict[str, Any]:
        a, b = pair.a.name, pair.b.name
        comparison = pair.comparison
        return {
            "pair": pair,
            "names": (a, b),
            "sections": sections([pair.a.run, pair.b.run], (a, b)),
            "finding": words.finding(comparison.overall, a, b),
            "advice": words.advice(comparison, a, b),
            "questions": words.questions(comparison, a, b),
            "flips": ((b, a, comparison.fixed_by_b), (a, b, comparison.fixed_by_a)),
        }

    def _methodology(self) -> dict[str, Any]:
        first = self.group.shown[0].summary.run
        return {
            "first": first,
            "sizes": facts.category_sizes(self.prompts),
            "power": facts.detectable(
                [pair.comparison for pair in self.pairs if _sighted(pair)], first.suite_size
            ),
            "solved_by_all": [h for h in self.health if h.answered and h.solved == h.answered],
            "solved_by_none": [h for h in self.health if h.answered and not h.solved],
            "solved_blind": [h for h in self.health if h.solved_blind >= 2],
            "blind": [p for shown in self.shown if (p := self._blind_pair(shown)) and p.b is shown],
            "prices": facts.prices([shown.run.summary for shown in self.shown]),
            "computed": [shown.name for shown in self.shown if shown.run.summary.computed_cost],
        }


class Slugs:
    """File names from names: plain, unique, also where upper and lower case are one."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def of(self, folder: str, name: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "unnamed"
        slug, number = plain, 2
        while (folder, slug) in self._taken:
            slug, number = f"{plain}-{number}", number + 1
        self._taken.add((folder, slug))
        return slug


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("visioneval.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "form": form,
        "score_key": SCORE_KEY,
        "outcomes": OUTCOMES,
        "words": words,
        "below": below,
        "few": FEWEST_FOR_PERCENT,
        "key_text": key_text,
        "enough_percent": ENOUGH_PERCENT,
        "shares_of_a_batch": shares_of_a_batch,
        "answer_type": answer_type,
        "blind_gain": stats.blind_gain,
        "chart": charts,
        "grade_words": {grade: text.split()[-1] for grade, text in SCORE_KEY},
    }
    return environment


def _p50(shown: Shown) -> float | None:
    latency = shown.run.summary.latency
    return latency.p50_s.value if latency else None


def _why_not_drawn(shown: Shown, unknown: str) -> str:
    if not shown.run.summary.run.sighted:
        return "saw no picture"
    return unknown if shown.run.summary.ranked else "not ranked"


def _sighted(pair: Pair) -> bool:
    return _sees(pair.a) and _sees(pair.b)


def _sees(shown: Shown) -> bool:
    return shown.run.summary.run.sighted


def _stem(page: str) -> str:
    return page.rsplit("/", 1)[1].removesuffix(".html")
