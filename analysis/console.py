"""What the command line prints and how it ends. The library raises; this file alone prints."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer

BAD_INPUT, INTERRUPTED = 2, 130
OPEN_STDOUT = "let it go to a place that takes it"
LAST_STANDARD_STREAM = 2
BadCommandLine: type[Exception] = typer.BadParameter.__bases__[0]  # UsageError, which typer does not export


class Stopped(Exception):  # noqa: N818
    """An interrupt that left something to go on with; the text says what."""


def open_streams() -> None:
    """Print the same bytes in every locale, and let a closed stream stay closed."""
    while os.open(os.devnull, os.O_RDWR) <= LAST_STANDARD_STREAM:
        pass  # or a result would be opened in place of a closed stream, and messages written into it
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def run_app(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    try:
        status = app(arguments or ["--help"], prog_name="nmsim", standalone_mode=False)
    except BadCommandLine as error:
        say(usage(error))
        return BAD_INPUT
    except Stopped as stopped:
        say(f"nmsim: {stopped}")
        return INTERRUPTED
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except SystemExit:  # the reader of --help left early
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        abandon_stdout()  # --help is printed by typer itself
        say(f"stdout: cannot be written: {error.strerror}; {OPEN_STDOUT}")
        return BAD_INPUT
    except ValueError as error:
        return refused(error)
    if status == INTERRUPTED:  # which typer returns too
        say("nmsim: interrupted; what was there before is unchanged")
    return status if isinstance(status, int) else 0


def refused(error: ValueError) -> int:
    """Say every problem of a bad input, one a line; any other error is a fault of ours."""
    from simulator.errors import InputError

    if not isinstance(error, InputError):
        raise error
    for problem in error.problems:
        say(str(problem))
    return BAD_INPUT


@contextmanager
def naming(*options: str, **others: str) -> Iterator[None]:
    """Give the parameters that an InputError is about their form on the command line: steps is --steps.

    That of `others` is what they say. A place within a parameter stays behind it: --with: dense.
    """
    from simulator.errors import InputError

    forms = {option: f"--{option}" for option in options} | others

    def form(where: str) -> str:
        option, colon, within = where.partition(": ")
        return f"{forms.get(option, option)}{colon}{within}"

    try:
        yield
    except InputError as error:
        raise InputError(replace(problem, where=form(problem.where)) for problem in error.problems) from None


def say(line: str) -> None:
    """Print one line to stderr, whatever the names in it are made of."""
    from simulator.places import printable

    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"{printable(line)}\n")


def usage(error: Any) -> str:
    """One line for a command line that cannot be read, the option in front where one is to blame."""
    command = error.ctx.command_path if error.ctx else "nmsim"
    names = error.param.opts if isinstance(error, typer.BadParameter) and error.param else ()
    where = max(names, key=len, default="") or command
    text = " ".join((error.message if names else error.format_message()).split())
    text = text.removeprefix("Value error, ").rstrip(".") or "is missing"
    right = "" if "; " in text else f"; see `{command} --help`"
    return f"{where}: {text}{right}"


def write(text: str, out: Path | None = None) -> None:
    """Print `text`, or write it to the file `out` in one move."""
    if out is None:
        print_out(text)
        return
    from simulator.atomic import write_file

    write_file(out, text.encode(errors="backslashreplace"))


def print_out(text: str) -> None:
    """Print `text` whole, or say why it could not be; a reader that left early has what it wanted."""
    from simulator.errors import InputError

    if sys.stdout is None:
        raise InputError.of("is closed", OPEN_STDOUT, where="stdout")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
    except OSError as error:
        abandon_stdout()
        raise InputError.of(f"cannot be written: {error.strerror}", OPEN_STDOUT, where="stdout") from error


def abandon_stdout() -> None:
    """Let what could not be printed go nowhere; Python would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
