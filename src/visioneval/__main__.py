"""The entry point: one line on stderr and a documented exit code for every error a person can mend."""

from __future__ import annotations

import sys

import click

from visioneval.cli import cli
from visioneval.errors import VisionevalError


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 done but incomplete or a check failed, 2 wrong usage, 3 a suite is wrong,
    4 a model cannot be used, 5 a run folder cannot be used, 6 a provider refused all calls or was not reached,
    130 interrupted.
    """
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VisionevalError as error:
        from visioneval.cli.outcome import say_error

        say_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe left (`visioneval prompts | head`)
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
