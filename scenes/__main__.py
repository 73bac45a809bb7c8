"""Command line: `fetch`, `render`, `list`, `contact-sheet` and `reading-kit`."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from scenes import gallery
from scenes.entry import CATEGORIES, Answer, Prompt, Value, block, publish, slug, split_blocks
from scenes.gate import Unshowable
from scenes.produce import produce
from scenes.scene import Document, Scene


def module_names() -> dict[str, str]:
    """Return the module of each scene by prompt id; `dd01_blister` makes DD01."""
    return {name[:4].upper(): name for _, name, _ in pkgutil.iter_modules(gallery.__path__)}


def load(prompt_id: str) -> Scene | Document:
    """Import the scene of a prompt."""
    names = module_names()
    if prompt_id not in names:
        raise SystemExit(f"no scene for {prompt_id}; known: {' '.join(sorted(names))}")
    scene: Scene | Document = importlib.import_module(f"scenes.gallery.{names[prompt_id]}").SCENE
    return scene


def parse_value(text: str, answer: Answer) -> Value:
    """Read an answer given on the command line in the prompt's own type."""
    readers: dict[str, Callable[[str], Value]] = {
        "integer": int,
        "number": float,
        "yes_no": lambda word: word.lower() in {"yes", "true"},
    }
    if answer.type in {"ordered_list", "set_of"}:
        return [part.strip() for part in text.split(",")]
    return readers.get(answer.type, str)(text)


def command_render(options: argparse.Namespace) -> None:
    """Make images, and publish them into the suite or leave them in the output folder with their entries."""
    failed = []
    for prompt_id in sorted(module_names()) if options.ids == ["all"] else options.ids:
        try:
            render_one(prompt_id, options)
        except (FileNotFoundError, Unshowable) as error:
            print(f"{prompt_id}: {error}")
            failed.append(prompt_id)
    if failed:
        raise SystemExit(f"not rendered: {' '.join(failed)}")


def render_one(prompt_id: str, options: argparse.Namespace) -> None:
    """Make one image."""
    scene = load(prompt_id)
    seed = scene.seed if options.seed is None else options.seed
    value = None if options.answer is None else parse_value(options.answer, scene.prompt.answer)
    made = produce(scene, seed, value, draft=options.draft)
    prompt = replace(scene.prompt, answer=scene.prompt.answer.with_value(made.value))
    suffix = scene.suffix if isinstance(scene, Document) else ".jpg"
    if options.publish:
        path = publish(options.root, prompt, made.image, suffix)
    else:
        path = _leave(options.out, prompt, made.image, made.seed, suffix)
    print(f"{prompt.id} = {made.value!r}, seed {made.seed}, {len(made.image) // 1024} KB: {path}")


def _leave(folder: Path, prompt: Prompt, image: bytes, seed: int, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{prompt.id}-{seed}{suffix}"
    path.write_bytes(image)
    path.with_suffix(".yaml").write_text(block(prompt, path.name, "unpublished"), encoding="utf-8")
    return path


def command_list(options: argparse.Namespace) -> None:
    """List the scenes and whether each one's image is in the suite."""
    done = published(options.root)
    for prompt_id, name in sorted(module_names().items()):
        print(f"{prompt_id}  {name:32}  {done.get(prompt_id, {}).get('image', '-')}")


def published(root: Path, category: str | None = None) -> dict[str, dict[str, str]]:
    """Return the image path and question of each published prompt."""
    found: dict[str, dict[str, str]] = {}
    for name in CATEGORIES.values():
        file = root / "prompts" / (slug(name).replace("-", "_") + ".yaml")
        if file.exists() and category in {None, name, slug(name)}:
            for prompt_id, source in split_blocks(file.read_text(encoding="utf-8")).items():
                pairs = re.findall(r'(?m)^    (image|question): "?(.*?)"?$', source)
                found[prompt_id] = dict(pairs)
    return found


def command_contact_sheet(options: argparse.Namespace) -> None:
    """Tile the published images into one picture."""
    paths = [
        options.root / entry["image"] for _, entry in sorted(published(options.root, options.category).items())
    ]
    cell, columns = (480, 400), 4
    sheet = Image.new("RGB", (cell[0] * columns, cell[1] * -(-len(paths) // columns)), (24, 24, 24))
    for index, path in enumerate(paths):
        image = Image.open(path).convert("RGB")
        image.thumbnail((cell[0] - 8, cell[1] - 8))
        x, y = index % columns * cell[0], index // columns * cell[1]
        sheet.paste(image, (x + (cell[0] - image.width) // 2, y + (cell[1] - image.height) // 2))
    sheet.save(options.out)


def command_reading_kit(options: argparse.Namespace) -> None:
    """Write what a blind reader may see: PNG copies under neutral names, and the questions without answers."""
    options.out.mkdir(parents=True, exist_ok=True)
    questions = []
    for _, entry in sorted(published(options.root).items()):
        name = Path(entry["image"]).stem + ".png"
        Image.open(options.root / entry["image"]).convert("RGB").save(options.out / name)
        questions.append({"image": name, "question": entry["question"]})
    (options.out / "questions.json").write_text(json.dumps(questions, indent=1) + "\n", encoding="utf-8")


def command_fetch(options: argparse.Namespace) -> None:
    """Fetch the environment maps and fonts that are not there yet."""
    from scenes.fetch import fetch  # fontTools is needed for this alone

    for path in fetch():
        print(path)


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m scenes", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the suite's folder")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("fetch", help="fetch environment maps and fonts").set_defaults(run=command_fetch)
    render = commands.add_parser("render", help="make images and their entries")
    render.add_argument("ids", nargs="+", metavar="ID", help="prompt ids, or: all")
    render.add_argument("--seed", type=int)
    render.add_argument("--answer")
    render.add_argument("--draft", action="store_true", help="half size and few samples")
    render.add_argument("--publish", action="store_true", help="put the image and its entry into the suite")
    render.add_argument("--out", type=Path, default=Path("build/scenes"))
    render.set_defaults(run=command_render)
    commands.add_parser("list", help="list the scenes").set_defaults(run=command_list)
    sheet = commands.add_parser("contact-sheet", help="tile the published images")
    sheet.add_argument("category", nargs="?")
    sheet.add_argument("out", type=Path)
    sheet.set_defaults(run=command_contact_sheet)
    kit = commands.add_parser("reading-kit", help="images and questions for blind readers")
    kit.add_argument("out", type=Path)
    kit.set_defaults(run=command_reading_kit)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
