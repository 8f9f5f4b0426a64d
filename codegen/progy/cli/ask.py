"""Questions on a terminal. Nobody is ever asked anywhere else, and no answer is ever assumed."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from progy.cli.console import console, style
from progy.errors import RefusedError

if TYPE_CHECKING:
    from progy.diff.questions import MissingValue, Question
    from progy.errors import UsageError


def possible() -> bool:
    """Whether somebody is there: stdin and stderr are a terminal, `CI` isn't set and `--json` isn't given."""
    ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    streams = (sys.stdin, sys.stderr)
    return not ci and not console.json and all(stream is not None and stream.isatty() for stream in streams)


def question(asked: Question) -> str | None:
    """Ask one question of a change.

    Returns:
        What `Decisions.answered` takes: the old name, or None for what is new; an expression.

    Raises:
        KeyboardInterrupt: Ctrl-C, or the end of the input.
    """
    from progy.diff.questions import MissingValue

    console.say(f"{style('?', 'cyan', sys.stderr)} {style(str(asked), 'bold', sys.stderr)}")
    if isinstance(asked, MissingValue):
        return _expression(asked)
    readings = asked.flags()
    for number, (meaning, _) in enumerate(readings, 1):
        console.say(f"  {number}  {meaning}")
    chosen = choice(len(readings))
    if chosen < len(asked.candidates):
        _tell(readings[chosen][1])
        return asked.candidates[chosen]
    _tell("new")  # not --no-renames, which answers all such questions
    return None


def accepted(asked: Question | None, answer: str | None) -> None:
    """Say with which flag the value that was asked for last would have been given, now that it makes sense."""
    from progy.diff.questions import MissingValue

    if isinstance(asked, MissingValue):
        _tell(f"--backfill {shlex.quote(f'{asked.table}.{asked.name}={answer}')}")


def rejected(error: UsageError) -> None:
    """Say why an answer makes no sense."""
    console.say(f"  {error.message}{f'; {error.hint}' if error.hint else ''}")


def agreed(text: str) -> None:
    """Go on only if the answer is yes; an empty one is no.

    Raises:
        RefusedError: It is no.
        KeyboardInterrupt: Ctrl-C, or the end of the input.
    """
    while True:
        answer = _line(f"{style('?', 'cyan', sys.stderr)} {style(text, 'bold', sys.stderr)} [y/N] ").lower()
        if answer in {"y", "yes"}:
            return
        if answer in {"", "n", "no"}:
            raise RefusedError("the answer was no; nothing was done")
        console.say("  neither yes nor no: answer y or n")


def typed(text: str) -> str:
    """What is typed in answer to a question that yes would be too short an answer for.

    Raises:
        KeyboardInterrupt: Ctrl-C, or the end of the input.
    """
    return _line(f"{style('?', 'cyan', sys.stderr)} {style(text, 'bold', sys.stderr)} ")


def choice(count: int) -> int:
    """The place, from 0, of the reading that is chosen by its number."""
    numbers = [str(number) for number in range(1, count + 1)]
    while True:
        answer = _line(f"  {' or '.join(numbers) if count <= _FEW else f'1 to {count}'}: ")
        if answer in numbers:
            return numbers.index(answer)


_FEW = 3


def _expression(asked: MissingValue) -> str:
    from progy.migrations.flags import expression_fault

    console.say("  a SQL expression: a constant such as 0 or 'none', or of other columns such as lower(email)")
    while True:
        answer = _line(f"  {asked.name} = ")
        fault = expression_fault(answer)
        if fault is None:
            return answer
        console.say(f"  {fault}")


def _tell(meaning: str) -> None:
    """Say what an answer was taken for: a flag, where there is one for it."""
    console.say(style(f"  as {meaning}", "dim", sys.stderr))


def _line(prompt: str) -> str:
    """A line of the terminal. Not `input`, which writes its prompt to stdout: that is the result's."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        console.say()
        raise KeyboardInterrupt
    return line.strip()
