"""A whole `visioneval run` against a local host, beside the plainest loop over the SDK, in the same minutes.

    python benchmarks/hosted.py [--prompts 67 1000] [--delay 0 0.2] [--repeat 3]

The two take turns, so that whatever else the machine does meets both; what counts is the ratio. Times are of
whole processes, from start to exit; CPU and memory are the operating system's account of them. Each runs once
unmeasured, which compiles what is not compiled yet, as an installed package is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PICTURE_BYTES = 375_000


class Cost(NamedTuple):
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def write_suite(folder: Path, prompts: int) -> Path:
    """Write a suite of pictures of 500 kB in base64, each with its own bytes."""
    from PIL import Image

    (folder / "images").mkdir(parents=True)
    (folder / "prompts").mkdir()
    plain = folder / "plain.png"
    Image.new("RGB", (1024, 768), "white").save(plain)
    png = plain.read_bytes()
    entries = []
    for number in range(prompts):
        padding = b"viSn" + os.urandom(PICTURE_BYTES - len(png) - 12)
        chunk = struct.pack(">I", len(padding) - 4) + padding + struct.pack(">I", zlib.crc32(padding))
        picture = png[:-12] + chunk + png[-12:]
        (folder / f"images/{number:05}.png").write_bytes(picture)
        entries.append(
            {
                "id": f"p{number}",
                "title": f"light {number}",
                "image": f"images/{number:05}.png",
                "question": f"Is light {number} on? Answer only yes or no.",
                "answer": {"type": "yes_no", "value": True},
                "sha256": hashlib.sha256(picture).hexdigest(),
            }
        )
    (folder / "prompts" / "lights.yaml").write_text(json.dumps({"category": "Lights", "prompts": entries}))
    return folder


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command and return what it took; its output goes to a log."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (folder / "log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{(folder / 'log').read_text()[-2000:]}")
    return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compare(prompts: int, delay_s: float, concurrency: int, repeat: int) -> None:
    """Measure both in turns and print their medians and the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = write_suite(folder / "suite", prompts)
        host = subprocess.Popen(
            [sys.executable, HERE / "mock_host.py", "0", str(delay_s)], stdout=subprocess.PIPE, text=True
        )
        assert host.stdout is not None
        url = f"http://127.0.0.1:{host.stdout.readline().strip()}/v1"
        images = str(suite / "images")
        bare = [sys.executable, str(HERE / "bare_sdk.py"), url, images, str(concurrency)]
        ours = [sys.executable, "-m", "visioneval", "run", "--model", "openai:mock", "--base-url", url, "--fresh"]
        ours += ["--suite", str(suite), "--concurrency", str(concurrency)]
        try:
            pairs = [(measure(bare, folder), measure(ours, folder)) for _ in range(repeat + 1)][1:]
        finally:
            host.kill()
    bare_cost, our_cost = (
        Cost(*map(statistics.median, zip(*costs, strict=True))) for costs in zip(*pairs, strict=True)
    )
    print(f"{prompts} prompts, {delay_s * 1000:.0f} ms, {concurrency} at once, medians of {repeat}")
    for label, cost in (("bare AsyncOpenAI", bare_cost), ("visioneval run", our_cost)):
        cpu = f"{cost.cpu_s:6.2f} s CPU ({1000 * cost.cpu_s / prompts:.1f} ms each)"
        print(f"  {label:17} {cost.wall_s:6.2f} s  {cpu}  {cost.peak_mb:.0f} MB")
    ratios = our_cost.wall_s / bare_cost.wall_s, our_cost.cpu_s / bare_cost.cpu_s
    print("  ratio             {:6.2f}    {:6.2f}".format(*ratios))


def main() -> None:
    """Parse the arguments and measure every combination."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, nargs="+", default=[67, 1000])
    parser.add_argument("--delay", type=float, nargs="+", default=[0.0, 0.2], help="seconds")
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    for delay_s in chosen.delay:
        for prompts in chosen.prompts:
            compare(prompts, delay_s, 16 if prompts < 100 else 64, chosen.repeat)


if __name__ == "__main__":
    main()
