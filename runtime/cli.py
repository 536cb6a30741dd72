"""The command line ``vivant``. Importing it, and asking it for help, loads none of the large libraries."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from vivant.graph.errors import VivantError
from vivant.runtime.commands.animate import animate
from vivant.runtime.commands.bench import bench
from vivant.runtime.commands.cameras import cameras
from vivant.runtime.commands.check import check
from vivant.runtime.commands.demo import demo
from vivant.runtime.commands.depth import depth
from vivant.runtime.commands.doctor import doctor
from vivant.runtime.commands.export import export
from vivant.runtime.commands.models import models
from vivant.runtime.commands.nodes import nodes
from vivant.runtime.commands.presets import presets
from vivant.runtime.commands.render import render
from vivant.runtime.commands.rig import rig
from vivant.runtime.commands.run import run
from vivant.runtime.commands.schema import schema
from vivant.runtime.environment import prepare_environment
from vivant.runtime.faults import log_folder, log_in_file, show_fault, show_unexpected, show_usage_fault
from vivant.runtime.native_stderr import native_stderr_in


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``vivant``; None: the arguments of the process.

    Returns:
        The exit status: 0 done, 1 failed or interrupted, 2 wrong use or invalid preset. Whatever went wrong
        was told on standard error in one block; the traceback of a fault in Vivant is in the log file.
    """
    try:
        return run_command(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return 1


def run_command(given: Sequence[str]) -> int:
    """Run one command, as `main` does.

    Raises:
        KeyboardInterrupt: Ctrl-C cut it off, so that libraries may be left in the middle of something.
    """
    prepare_environment()
    with log_in_file() as log, native_stderr_in(log_folder() / "native.log"):
        return _run_command(list(given) or ["--help"], log)


def build_app() -> typer.Typer:
    """Return the application with all its commands."""
    app = typer.Typer(
        name="vivant",
        help="Makes a still picture live: a webcam, a video or a recorded performance drives a portrait.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for command in (
        run, animate, render, demo, rig, export, depth, check, nodes, presets, cameras, doctor, models, schema, bench,
    ):  # fmt: skip
        app.command()(command)
    return app


def _run_command(arguments: list[str], log: Path) -> int:
    command = typer.main.get_command(build_app())
    try:
        status = command.main(args=arguments, prog_name="vivant", standalone_mode=False)
    except VivantError as error:
        show_fault(error)
        return error.exit_status
    except typer.TyperException as error:  # wrong use: an unknown option, a missing argument
        context = getattr(error, "ctx", None)
        show_usage_fault(error.format_message(), context.command_path if context else "vivant")
        return error.exit_code
    except typer.Abort as error:  # what typer makes of it
        raise KeyboardInterrupt from error
    except Exception as error:  # whatever it is, no traceback reaches the terminal
        show_unexpected(error, log)
        return 1
    if status == 130:  # a second Ctrl-C, as typer reports it; Vivant's own statuses are 0, 1 and 2
        raise KeyboardInterrupt
    return status if isinstance(status, int) else 0


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vivant {metadata.version('vivant')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Take the options that stand before a command; they have done their work when this is called."""


if __name__ == "__main__":
    sys.exit(main())
