"""CPU time of `visioneval --help` beside bare Python and whatever else is installed to compare with.

    python benchmarks/startup.py [COMMAND ...]

Each further COMMAND (such as "inspect --help") is timed the same way: user and system seconds, the least of
ten runs.
"""

from __future__ import annotations

import resource
import shlex
import subprocess
import sys

RUNS = 10


def cpu_seconds(command: list[str]) -> float:
    """Return the least user plus system time that a command took in RUNS runs."""
    seconds = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(seconds)


if __name__ == "__main__":
    commands = [[sys.executable, "-c", ""], [sys.executable, "-m", "visioneval", "--help"]]
    for command in commands + [shlex.split(argument) for argument in sys.argv[1:]]:
        print(f"{cpu_seconds(command):6.3f} s  {shlex.join(command)}")
