"""The yardstick: the plainest loop over AsyncOpenAI, with no plan, journal, grading or table.

`python benchmarks/bare_sdk.py URL FOLDER CONCURRENCY` asks one question about each picture in FOLDER.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import openai


async def ask_all(url: str, folder: Path, concurrency: int) -> None:
    """Ask about every picture."""
    client = openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0)

    async def worker(pictures: Iterator[Path]) -> None:
        for picture in pictures:
            encoded = base64.b64encode(picture.read_bytes()).decode()
            content = [
                {"type": "input_text", "text": "Is the light on? Answer only yes or no."},
                {"type": "input_image", "image_url": f"data:image/png;base64,{encoded}", "detail": "auto"},
            ]
            reply = await client.responses.create(
                model="mock", input=[{"role": "user", "content": content}], max_output_tokens=4096, store=False
            )
            assert reply.output_text == "yes"

    pictures = iter(sorted(folder.glob("*.png")))
    await asyncio.gather(*(worker(pictures) for _ in range(concurrency)))


if __name__ == "__main__":
    asyncio.run(ask_all(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
