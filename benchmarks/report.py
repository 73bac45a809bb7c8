"""How long a report takes: 1,000 prompts x 20 made-up models, written to a temporary folder.

python benchmarks/report.py [prompts] [models] [--pictures]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.conftest import draw
from tests.made_up import MadeUpRun, prompts
from visioneval.report.build import make_report, read_groups, stale_files, write_report
from visioneval.types import Outcome


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    count, models = (*numbers, 1_000, 20)[:2] if len(numbers) < 2 else numbers[:2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_runs(folder, count, models, pictures="--pictures" in sys.argv)
        out = folder / "report"
        start = time.perf_counter()
        groups = read_groups(folder / "results")
        read = time.perf_counter()
        report = make_report(groups, out)
        made = time.perf_counter()
        write_report(out, report)
        written = time.perf_counter()
        assert stale_files(out, make_report(groups, out)) == []
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{count} prompts x {models} models: {len(report.names)} files, {size / 1e6:.0f} MB")
    print(f"read {read - start:.1f} s, made {made - read:.1f} s, written {written - made:.1f} s")
    print(
        f"in all {written - start:.1f} s, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def make_runs(folder: Path, count: int, models: int, *, pictures: bool) -> None:
    rng = random.Random(1)
    suite = prompts({f"Category {number}": count // 5 for number in range(1, 6)})
    if pictures:
        for prompt in suite:
            draw(folder / "suite" / prompt.image, prompt.id, (1280, 960))
    for model in range(models):
        share = 0.3 + 0.6 * model / models
        outcomes: list[Outcome] = ["pass" if rng.random() < share else "fail" for _ in suite]
        run = MadeUpRun(
            model=f"model-{model:02}",
            prompts=suite,
            outcomes=outcomes,
            suite_path=str(folder / "suite"),
            seconds=lambda index: 1 + index % 7,
            text=lambda index: f"I look at the picture for a while and then count.\n\nThe answer is **{index}**.",
        )
        run.write(folder / "results")


if __name__ == "__main__":
    main()
