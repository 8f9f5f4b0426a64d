"""`progy rollback`: back to a snapshot or a bookmark."""

import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import ask, options, session
from progy.cli.console import console, count, style
from progy.errors import InterruptedCommandError, OutcomeUnknownError, ProgyError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from progy.targets import Target
    from progy.undo.points import Effect, Point, Undo

_KINDS = {"local": "snapshot", "remote": "bookmark", "preview": "bookmark"}
_SHOWN = 20
"""Migrations that are named; the rest is counted."""


def rollback(  # noqa: PLR0913 - a command has as many parameters as options
    point: Annotated[
        str | None,
        typer.Argument(
            metavar="POINT", help="Its number in the list, a snapshot's name or a bookmark.", show_default=False
        ),
    ] = None,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="Back to how a remote database was at that time, as 2026-11-23T09:30:00Z.",
            metavar="TIME",
            show_default=False,
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show what there is to go back to, and do nothing.")] = False,
    yes: options.Yes = False,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = False,
    remote: options.Remote = False,
    preview: options.Preview = False,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Take a database back to the snapshot or bookmark from before an apply, a clean or a rollback.

    A local database goes back to a snapshot, a remote one to a Time Travel bookmark. Whatever was written since then is
    lost; the rollback itself can be undone.
    """
    project = session.start(environment, json=json)
    target = session.target(project, database, persist_to, local=local, remote=remote, preview=preview)
    if (list_, point is not None, at is not None).count(True) > 1:
        raise UsageError("POINT, --at and --list exclude each other", hint="name one of them")
    moment = _moment(at) if at else None
    result: dict[str, Any] = {"binding": target.database.binding.binding, "place": target.place}
    with target.open(console.say) as opened:
        undo = target.undo(opened, console.warn)
        if list_:
            found = undo.points()
            _tell(found, target)
            console.value({**result, "points": [{"number": one, **_value(it)} for one, it in enumerate(found, 1)]})
            return
        chosen = undo.at(moment) if moment else _chosen(undo, point, target)
        result |= {"point": _value(chosen), "undo": None}
        with console.reporting(result):
            effect = undo.effect(chosen)
            result |= asdict(effect)
            _announce(chosen, effect, undo, target)
            _confirm(target, chosen, yes=yes)
            _restore(undo, chosen, target, result)
            console.progress(f"{style('rolled back', 'green')} {target.label} to {chosen}")
            if result["undo"]:
                console.say(f"undo that with: {result['undo']['command']}")


def _restore(undo: "Undo", point: "Point", target: "Target", result: dict[str, Any]) -> None:
    """Go back; what undoes it is in the result as soon as it is known.

    Raises:
        InterruptedCommandError: Ctrl-C; what is known is said.
        ProgyError: It wasn't done, or nobody knows whether it was.
    """
    known = False

    def saved(before: "Point | None") -> None:
        nonlocal known
        known = True
        result["undo"] = {"point": _value(before), "command": _command(target, before.name)} if before else None

    def advice() -> str:
        parts = [
            f"see with: {target.command('progy status')}",
            f"to go there all the same: {_command(target, point.name)}",
            *([f"the state before: {result['undo']['command']}"] if result["undo"] else []),
        ]
        return "; ".join(parts)

    try:
        saved(undo.restore(point, saved))
    except KeyboardInterrupt:
        if not known:
            raise InterruptedCommandError(f"interrupted; {target.label} is as it was") from None
        sent = "the request may have been sent: " if target.place != "local" else ""
        raise InterruptedCommandError(
            f"interrupted; {sent}{target.label} is back at {point.name}, or as it was", hint=advice()
        ) from None
    except OutcomeUnknownError as error:
        error.hint = advice()
        raise
    except ProgyError:
        result["undo"] = None
        raise


def _moment(text: str) -> "datetime":
    """The time that `--at` names.

    Raises:
        UsageError: It is none, or none that Time Travel can know.
    """
    from datetime import UTC, datetime, timedelta

    from progy.undo.bookmarks import DAYS

    now = datetime.now(UTC).replace(microsecond=0)
    example = f"as {now:%Y-%m-%dT%H:%M:%SZ}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text} is no time", hint=example) from None
    if moment.tzinfo is None:
        raise UsageError(f"--at {text} may be any time zone's", hint=f"with Z for UTC, or an offset, {example}")
    if moment > now:
        raise UsageError(f"--at {text} is still to come", hint=example)
    if moment < now - timedelta(days=DAYS):
        raise UsageError(f"--at {text} is more than {DAYS} days ago, which is as far as Time Travel goes back")
    return moment


def _chosen(undo: "Undo", wanted: str | None, target: "Target") -> "Point":
    """The point that is meant; on a terminal it is asked for.

    Raises:
        UsageError: There is no such point, or none is named where nobody can be asked.
    """
    see = f"see what there is with: {_command(target, '--list')}"
    if wanted is None and not ask.possible():
        raise UsageError(f"which {_KINDS[target.place]}?", hint=see)
    found = undo.points()
    if wanted is None:
        _tell(found, target)
        if not found:
            raise typer.Exit
        console.say(f"{style('?', 'cyan', sys.stderr)} {style('go back to which?', 'bold', sys.stderr)}")
        return found[ask.choice(len(found))]
    for number, one in enumerate(found, 1):
        if wanted in {str(number), one.name}:
            return one
    unlisted = None if wanted.isdecimal() else undo.unlisted(wanted)
    if unlisted is None:
        raise UsageError(f"{target.label} has no {_KINDS[target.place]} {wanted}", hint=see)
    return unlisted


def _tell(found: "list[Point]", target: "Target") -> None:
    """Print the points, numbered."""
    from progy.undo.snapshots import in_bytes

    widest = max((len(one.before) for one in found), default=0)
    for number, one in enumerate(found, 1):
        size = "" if one.size is None else f"  {in_bytes(one.size)}"
        console.result(f"{number:>3}  {one.at} UTC  before {one.before:<{widest}}  {style(one.name, 'dim')}{size}")
    if not found:
        console.say(f"{target.label} has no {_KINDS[target.place]}s; one is taken before every apply and clean")


def _announce(point: "Point", effect: "Effect", undo: "Undo", target: "Target") -> None:
    """Say what going back does and costs, before it is done."""
    doubt = "" if point.at or point.before else ", if Cloudflare knows it"
    console.say(f"{target.label} goes back to {style(str(point), 'bold', sys.stderr)}{doubt}")
    console.warn("everything written to it since then is lost")
    if effect.off is None:
        console.warn("which migrations come off or back isn't known: nobody noted which it had then")
    for names, what in (
        (effect.off, "comes off"),
        (effect.back, "comes back"),
        (effect.since, "has been applied since"),
    ):
        for name in (names or ())[:_SHOWN]:
            console.say(f"  {name} {what}")
        if names and names[_SHOWN:]:
            console.say(f"  … and {count(len(names) - _SHOWN, 'more migration')}")
    obstacle = undo.obstacle()
    if obstacle:
        console.warn(f"this can't be undone: {obstacle}")
    else:
        console.say("the present state is kept, and the command that undoes this is shown")


def _confirm(target: "Target", point: "Point", *, yes: bool) -> None:
    """Ask whether to do it, unless it was said.

    Raises:
        UsageError: Nobody can be asked.
        RefusedError: The answer is no.
    """
    if yes:
        return
    if not ask.possible():
        raise UsageError(
            f"nobody can be asked here whether to go back in {target.title}", hint=_command(target, point.name, "--yes")
        )
    ask.agreed(f"go back in {target.title}?")


def _command(target: "Target", *arguments: str) -> str:
    return target.command(f"progy rollback {shlex.join(arguments)}")


def _value(point: "Point") -> dict[str, Any]:
    """A point as JSON gives it."""
    return {key: value for key, value in asdict(point).items() if value not in {None, ""}}
