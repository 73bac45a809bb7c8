"""The command line: argument parsing only, one module a command, imported when it is called."""

from __future__ import annotations

import importlib
import keyword

import click

import visioneval

COMMANDS = {
    "run": "Send the prompts to one or more models, grade the replies and print the score table.",
    "resume": "Go on with a run that was interrupted, sending only what is missing.",
    "check": "Hold runs against a baseline: for a nightly job.",
    "doctor": "Say what this machine can run, and how to mend what it cannot.",
    "merge": "Put the parts of a run (`run --shard`) together.",
    "report": "Write the score tables and the pages from results/.",
    "estimate": "Say about what a run would cost, before it is started.",
    "reprice": "Say what a run costs by the prices of another day.",
    "compare": "Set two or more runs side by side: who is better, how surely, at what price.",
    "import": "Turn recorded replies from elsewhere into runs.",
    "export": "Write runs as CSV, Parquet, JUnit XML, Every Eval Ever JSON or an Inspect log.",
    "regrade": "Grade the stored replies again, without a call.",
    "grade": "Grade a file of replies from anywhere.",
    "audit": "Examine the grader against labelled replies.",
    "models": "List the model cards, or show one.",
    "prompts": "List the prompts, or show one.",
    "validate": "Check a suite: schema, pictures, answers.",
}


class LazyGroup(click.Group):
    """Lists every command without importing it, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"visioneval.cli.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(visioneval.__version__, prog_name="visioneval")
def cli() -> None:
    """Which vision model to trust with your work, and what it will cost."""
