"""`--config FILE.yaml`: every option of a command, by its long name; the command line wins."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click

from visioneval.errors import SuiteError, UsageError

PATH = "visioneval.config"
"""Where a command's context keeps the file that its defaults are from."""


def read_config(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Make the file's values the defaults of the command. Raises UsageError for what no option is called."""
    if path is None:
        return
    values = _read(path)
    names = {_long_name(option): option for option in context.command.params if isinstance(option, click.Option)}
    defaults: dict[str, Any] = {}
    for key, value in values.items():
        option = names.get(str(key).replace("_", "-"))
        if option is None or option is parameter:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"`visioneval {context.info_name} --help` lists them"
            raise UsageError(f"{path}: no option is called {key!r}; {hint}")
        assert option.name is not None
        if isinstance(value, dict) or (isinstance(value, list) and not option.multiple):
            raise UsageError(f"{path}: {key} takes {'a list' if option.multiple else 'one value'}, not {value!r}")
        listed = value if isinstance(value, list) else [value]
        defaults[option.name] = [str(entry) for entry in listed] if option.multiple else value
    context.default_map = {**(context.default_map or {}), **defaults}
    context.meta[PATH] = path


def _read(path: Path) -> dict[str, Any]:
    import yaml

    from visioneval.tables import read_text
    from visioneval.yaml_text import parse_yaml

    try:
        values = parse_yaml(read_text(path))
    except SuiteError as error:
        raise UsageError(f"the configuration {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UsageError(f"{path} must hold one `option: value` a line")
    return values


def _long_name(option: click.Option) -> str:
    return next((name for name in option.opts if name.startswith("--")), option.opts[0]).removeprefix("--")
