"""`visioneval prompts`: what the suite asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import Console

WIDEST_PICTURE = 100
"""In columns."""


@click.command("prompts")
@click.argument("action", required=False, type=click.Choice(["list", "show"]), default="list")
@click.argument("prompt_id", required=False, metavar="ID")
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="A folder, .csv or .jsonl of your own prompts. [default: the shipped suite]",
)
@click.option(
    "--category", "categories", multiple=True, help="Only prompts of this category; several may be given."
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a prompt file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    action: str,
    prompt_id: str | None,
    suite: Path | None,
    categories: tuple[str, ...],
    schema: bool,
    as_json: bool,
) -> None:
    """List the prompts, or show one: `visioneval prompts show DD01`.

    In a terminal the picture is shown too, as finely as the terminal can.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from visioneval.answers import key_text
    from visioneval.printable import printable
    from visioneval.report import form
    from visioneval.shipped import shipped_suite
    from visioneval.suite import image_path, json_schema, load_suite, select

    if schema:
        click.echo(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2))
        return
    loaded = load_suite(suite or shipped_suite())
    if action == "show" and prompt_id is None:
        raise click.UsageError("give the id of a prompt: visioneval prompts show ID")
    prompts = select(loaded, categories=categories, only=(prompt_id,) if prompt_id else ())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(prompts), indent=2))
        return
    if action == "show":
        (prompt,) = prompts
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(overflow="fold")  # a path is whole, however narrow the terminal
        facts = {
            "id": prompt.id,
            "category": prompt.category,
            "title": prompt.title,
            "image": image_path(loaded.folder, prompt),
            "question": prompt.question,
            "answer": key_text(prompt.answer),
            "type": _type(prompt.answer, inferred=prompt.answer_inferred),
            "probes": prompt.probes,
            "difficulty": prompt.difficulty or "",
            "tags": ", ".join(prompt.tags),
        }
        for fact, value in facts.items():
            if value:
                table.add_row(f"[bold]{fact}", escape(printable(str(value))))
        console = Console()
        console.print(table)
        if console.is_terminal and _has_columns():
            _show(image_path(loaded.folder, prompt), console)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "category", "title", "type", "answer"):
        table.add_column(heading, overflow="fold")
    for prompt in prompts:
        type_ = _type(prompt.answer, inferred=prompt.answer_inferred)
        row = (prompt.id, prompt.category, prompt.title, type_, key_text(prompt.answer))
        table.add_row(*(escape(printable(cell)) for cell in row))
    Console().print(table)
    click.echo(f"{form.count(len(prompts), 'prompt')}, suite {loaded.sha256[:12]}", err=True)


def _has_columns() -> bool:
    """Whether stdout is a terminal of some width: `FORCE_COLOR` makes a console of a pipe too."""
    try:
        return os.get_terminal_size().columns > 0
    except OSError:
        return False


def _show(path: Path, console: Console) -> None:
    from textual_image.renderable import Image  # asks the terminal what it can show

    from visioneval.images import upright_image

    console.print(Image(upright_image(path), width=min(console.width, WIDEST_PICTURE), height="auto"))


def _type(answer: object, *, inferred: bool) -> str:
    from typing import cast

    from visioneval.answers import Answer, answer_type

    return answer_type(cast(Answer, answer)) + (" (inferred)" if inferred else "")
