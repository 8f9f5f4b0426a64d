"""`progy db`: the account's databases."""

import contextlib
import re
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from progy.cli import options, session
from progy.cli.console import console, count, style
from progy.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.cloudflare.connect import Cloudflare, DatabaseInfo
    from progy.worker.model import Worker

app = typer.Typer(
    help="Make and see the D1 databases of a Cloudflare account.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the database is called.")],
    *,
    location: Annotated[
        str | None,
        typer.Option(
            help="A hint where it should be: weur, eeur, apac, oc, wnam or enam; by default near to here.",
            metavar="HINT",
            show_default=False,
        ),
    ] = None,
    jurisdiction: Annotated[
        str | None,
        typer.Option(help="What its data must not leave: eu, fedramp or us.", metavar="NAME", show_default=False),
    ] = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Make a database, and say what to put into the wrangler config."""
    console.json = json
    worker = _worker(environment)
    with _cloudflare(worker) as cloudflare:
        made = cloudflare.create(name, location=location, jurisdiction=jurisdiction)
        account = cloudflare.account
    entry = _entry(made, worker)
    where = f" in {made.region}" if made.region else ""
    console.say(style(f"made {made.name}{where}, account {account}", "green"))
    console.say(f"put this into {worker.path.name if worker else 'wrangler.jsonc'}{_section(worker)}:")
    console.result(entry)
    console.value({"account": account, "database": asdict(made), "config": entry})


@app.command("list")
def list_(*, environment: options.Environment = None, json: options.Json = False) -> None:
    """List the account's databases."""
    from progy.cli import table

    console.json = json
    worker = _worker(environment)
    with _cloudflare(worker) as cloudflare:
        found = sorted(cloudflare.databases(), key=lambda one: (one.name, one.uuid))
        account = cloudflare.account
    rows = [(one.name, one.uuid, one.created_at or "", one.version or "") for one in found]
    for line in table.render(("name", "id", "created", "version"), rows) if rows else ():
        console.result(line)
    advice = "" if found else f"; make one with: {_command('progy db create NAME', worker)}"
    console.say(f"{count(len(found), 'database')} in account {account}{advice}")
    console.value({"account": account, "databases": [asdict(one) for one in found]})


@app.command()
def info(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Its name or id; by default the project's database.", show_default=False),
    ] = None,
    *,
    preview: options.Preview = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Show what Cloudflare says of a database."""
    console.json = json
    if name is not None and (preview or database):
        raise UsageError(
            f"NAME and {'--preview' if preview else '--database'} exclude each other", hint="name it in one way"
        )
    if name is None:
        project = session.start(environment, json=json)
        target = session.target(project, database, None, remote=not preview, preview=preview)
        worker, name = project.worker, target.remote_name
    else:
        worker = _worker(environment)
    with _cloudflare(worker) as cloudflare:
        found = cloudflare.info(name)
        account = cloudflare.account
    for title, value in _lines(found, account):
        console.result(f"{title:<18}{value}")
    console.value({"account": account, "database": asdict(found)})


def _lines(found: "DatabaseInfo", account: str) -> list[tuple[str, str]]:
    """What is known of a database, with what it is."""
    from progy.undo.snapshots import in_bytes

    lines = [
        ("name", found.name),
        ("id", found.uuid),
        ("account", account),
        ("created", found.created_at),
        ("size", None if found.file_size is None else in_bytes(found.file_size)),
        ("tables", None if found.num_tables is None else str(found.num_tables)),
        ("region", found.region),
        ("jurisdiction", found.jurisdiction),
        ("read replication", found.read_replication),
        ("version", found.version),
    ]
    return [(title, value) for title, value in lines if value]


def _worker(environment: str | None) -> "Worker | None":
    """The project's Worker, whose config may name the account; None where there is no project.

    Raises:
        ConfigError: Its config can't be used.
    """
    from progy.project import Project

    try:
        project = Project.here(environment)
    except ConfigError:
        return None
    return project.worker


@contextlib.contextmanager
def _cloudflare(worker: "Worker | None") -> "Iterator[Cloudflare]":
    from progy.cloudflare.answers import Commands
    from progy.cloudflare.connect import connect

    commands = Commands(databases=_command("progy db list", worker))
    with connect(tell=console.say, account=worker.account_id if worker else None, commands=commands) as cloudflare:
        yield cloudflare


def _command(name: str, worker: "Worker | None") -> str:
    """A command that works in the same environment."""
    return f"{name} --env {shlex.quote(worker.environment)}" if worker and worker.environment else name


def _entry(made: "DatabaseInfo", worker: "Worker | None") -> str:
    """A database's entry in the wrangler config, in the config's own language."""
    from json import dumps

    fields = {"binding": _binding(made.name, worker), "database_name": made.name, "database_id": made.uuid}
    if worker and worker.path.suffix == ".toml":
        table = f"env.{worker.environment}.d1_databases" if worker.environment else "d1_databases"
        return "\n".join([f"[[{table}]]", *(f"{key} = {dumps(value)}" for key, value in fields.items())])
    entry = "{ " + ", ".join(f"{dumps(key)}: {dumps(value)}" for key, value in fields.items()) + " }"
    return entry if worker and worker.d1 else f'"d1_databases": [{entry}]'


def _binding(name: str, worker: "Worker | None") -> str:
    """What the Worker might call it: what it calls it already, else `DB`, else by its own name."""
    for one in worker.d1 if worker else ():
        if one.database_name == name:
            return one.binding
    taken = {one.name for one in worker.bindings} if worker else set()
    return "DB" if "DB" not in taken else re.sub(r"\W", "_", name, flags=re.ASCII).upper()


def _section(worker: "Worker | None") -> str:
    """Which part of the config an entry belongs into, unless it says that itself."""
    if worker is None or worker.path.suffix == ".toml":
        return ""
    place = f"env.{worker.environment}" if worker.environment else ""
    if worker.d1:
        return f", {place + '.' if place else ''}d1_databases"
    return f", {place}" if place else ""
