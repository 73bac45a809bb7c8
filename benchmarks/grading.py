"""How fast replies are graded: `python benchmarks/grading.py [REPLIES]`, on one core.

The replies are those of the exam, repeated; the last lines give the slowest answer types.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

from visioneval.grading import grade_text
from visioneval.grading.answers import RULES
from visioneval.grading.exam import read_exam

EXAM = Path(__file__).parents[1] / "tests/fixtures/grader_exam.jsonl"


def main() -> None:
    """Grade the exam's replies over and over and print the time."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows = list(islice(cycle(read_exam(EXAM.read_text(encoding="utf-8"), str(EXAM))), count))
    by_type: dict[str, list[float]] = defaultdict(list)
    start = time.process_time()
    for row in rows:
        before = time.process_time()
        grade_text(row.question, row.answer, row.reply, stop=row.stop)
        by_type[RULES[type(row.answer)]].append(time.process_time() - before)
    seconds = time.process_time() - start
    print(f"{count} replies in {seconds:.2f} s of CPU: {1e6 * seconds / count:.0f} µs each")
    for name, times in sorted(by_type.items(), key=lambda entry: -sum(entry[1]) / len(entry[1])):
        print(f"  {name:14} {1e6 * sum(times) / len(times):6.0f} µs  ({len(times)} replies)")


if __name__ == "__main__":
    main()
