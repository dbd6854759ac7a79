"""Runs ``seqbench`` on the command line: one module for each command, imported when it is called.

Only click is imported here, so that ``seqbench --help`` answers at once.
"""

from __future__ import annotations

import atexit
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import click
from click.exceptions import NoSuchCommand

from seqbench import __version__
from seqbench.base.leftover_threads import end_idle_pools, left_running
from seqbench.base.printable import on_lines, one_line
from seqbench.cli.exit_status import READER_GONE, USAGE
from seqbench.errors import SeqbenchError, nearest

COMMANDS = {
    "demo": "Show in a minute what seqbench measures.",
    "run": "Run a suite or an experiment file (default: quick).",
    "tune": "Find the best setting of each model by trials on validation data, then run cells with it.",
    "status": "Show the progress of the sweeps into a folder of results, from any terminal.",
    "list": "List tasks, models and suites, and the plugins that offer them.",
    "show": "Show a task, model or suite: parameters, baselines, a worked example.",
    "cite": "Print BibTeX of what tasks, models or folders of results are to cite.",
    "gradients": "Measure how gradients flow back through time in models, without training.",
    "predict": "Answer new rows with a trained network, such as next week's.",
    "generate": "Write texts, or music, with a trained network, token by token.",
    "report": "Print a report of folders of results, or write it to a file, from their records only.",
    "plot": "Draw a figure for a paper: skill, gradients, costs, windows or training curves.",
    "compare": "Compare two folders of results: what got better, worse or slower, beyond noise.",
    "prune": "Remove from a folder of results what is not wanted any more.",
    "board": "Make, check, verify, show and publish submissions to a leaderboard.",
    "targets": "Hold published numbers against what experiments come to.",
    "check": "Check that tasks and models keep their contract, one line for each check.",
    "plugin": "Start a plugin of your own from a distribution that already works.",
    "doctor": "Check versions, devices, plugins and caches.",
}
"""Command -> what it does; its module has the same name and holds a click command called ``command``."""


class _ReaderGone(Exception):
    """The reader of stdout has closed it."""


class Commands(click.Group):
    """The commands of `COMMANDS`; help on all of them imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"seqbench.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a line; for an unknown one, suggest the nearest name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            guess = f" Did you mean {near!r}?" if near else ""
            raise NoSuchCommand(args[0], f"No such command {args[0]!r}.{guess}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command.

        Raises:
            _ReaderGone: stdout was closed, which click and rich turn into SystemExit.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGone from error
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise _ReaderGone from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one sentence about each command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seqbench", message="%(prog)s %(version)s")
@click.option("-v", "--verbose", count=True, help="Log what is done on stderr; twice for details.")
def cli(verbose: int) -> None:
    """Measure how well, and how far back in time, sequence models learn."""
    if verbose:
        import logging

        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("seqbench").setLevel(logging.DEBUG if verbose > 1 else logging.INFO)


def main() -> None:
    """Run the command line and end with its exit status.

    0 done; 1 a bug in seqbench, with a traceback; 2 wrong usage or input; 3 finished, but cells failed; 4 a check
    failed; 129 SIGHUP; 130 Ctrl-C; 141 stdout was closed; 143 SIGTERM.
    """
    status = run_line()
    end_idle_pools()
    if left := left_running():
        _end_beside(left, status)
    sys.exit(status)


def _end_beside(left: Sequence[str], status: int) -> None:
    """End the process while threads of plugins still run, for which Python would wait."""
    named = one_line(", ".join(left))
    click.echo(f"seqbench: warning: threads that a plugin started still run and are ended: {named}", err=True)
    # Exit handlers end processes and remove temporary folders.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def run_line() -> int:
    """Run the command line and return its exit status; the process goes on."""
    # It can be None, despite its type: `seqbench ... >&-`.
    if cast("object", sys.stdout) is None:
        click.echo("seqbench: stdout is closed, and there is something to print; send it to a file", err=True)
        return USAGE
    try:
        returned = cli.main(prog_name="seqbench", standalone_mode=False)
        sys.stdout.flush()
        return returned if isinstance(returned, int) else 0
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(on_lines(shown.getvalue().rstrip("\n")), err=True)
        return USAGE
    except SeqbenchError as error:
        click.echo(f"seqbench: {on_lines(str(error))}", err=True)
        return USAGE
    except SystemExit as error:
        # click returns its status; this exit was raised by other code, so the command has no result.
        click.echo(
            f"seqbench: a plugin or a library left the process (SystemExit: {error}) before all was done", err=True
        )
        return 1
    except click.Abort:
        # click turns every KeyboardInterrupt into Abort.
        return 130
    except (_ReaderGone, BrokenPipeError):
        _drop_output()
        return READER_GONE
    except OSError as error:
        if not _is_of_stdout(error):
            raise
        _drop_output()
        click.echo(f"seqbench: stdout cannot be written to: {error.strerror}", err=True)
        return USAGE


def _is_of_stdout(error: OSError) -> bool:
    """Say whether writing to stdout caused this error: it names no file, and is one that a full disk causes."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)


def _drop_output() -> None:
    # Buffered output must not raise again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
