"""The entry point: one line on stderr and a documented exit code for every error a person can mend."""

from __future__ import annotations

import io
import os
import sys

import click

from visioneval.cli import cli
from visioneval.errors import VisionevalError

FAULT = 70


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 done but incomplete or a check failed, 2 wrong usage, 3 a suite is wrong,
    4 a model cannot be used, 5 a run folder cannot be used, 6 a provider refused all calls or was not reached,
    70 a fault of visioneval, 130 interrupted.
    """
    _write_whatever_there_is()
    try:
        sys.exit(cli.main(prog_name="visioneval", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        if len(sys.argv) == 1:
            error.show()  # the help, where nothing was asked for
        else:
            _say_wrong_usage(error)
        sys.exit(error.exit_code)
    except VisionevalError as error:
        from visioneval.cli.outcome import say_error

        say_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from visioneval.cli.outcome import TRACEBACK, say_fault

        say_fault(error, with_traceback=bool(os.environ.get(TRACEBACK)))
        sys.exit(FAULT)


def _write_whatever_there_is() -> None:
    """Let no character that the terminal's encoding lacks end a command: it is replaced."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _say_wrong_usage(error: click.ClickException) -> None:
    from visioneval.printable import printable

    context: click.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "visioneval"
    what = printable(_file_of(error, context) + " ".join(error.format_message().split()).removesuffix("."))
    click.echo(
        f"visioneval: {what}{'' if what.endswith('?') else ';'} `{command} --help` says what may be given",
        err=True,
    )


def _file_of(error: click.ClickException, context: click.Context | None) -> str:
    """Name the configuration file that a wrong value stands in."""
    from visioneval.cli.config import PATH

    option = getattr(error, "param", None)
    if context is None or option is None or PATH not in context.meta:
        return ""
    from_file = context.get_parameter_source(option.name) is click.core.ParameterSource.DEFAULT_MAP
    return f"{context.meta[PATH]}: " if from_file else ""


if __name__ == "__main__":
    main()
