"""`progy gen`: migration, bindings and documentation from the models."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from progy.cli import ask, options, plans, session
from progy.cli.console import console, count, style
from progy.cli.table import printable
from progy.errors import ProgyError, StaleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.diff.questions import Question, UndecidedError
    from progy.generate import Generated
    from progy.migrations.flags import Flags
    from progy.migrations.generate import Proposal
    from progy.project import Database, Project
    from progy.schema.models import Models
    from progy.sources import Sources

app = typer.Typer(
    help="Generate migrations, bindings and documentation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="What the migration is called; by default what it does.", show_default=False),
]


@app.command("all")
def all_(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    name: Annotated[
        str | None,
        typer.Option(help="What the migration is called; by default what it does.", metavar="NAME", show_default=False),
    ] = None,
    rename: options.Rename = None,
    rename_table: options.RenameTable = None,
    backfill: options.Backfill = None,
    no_renames: options.NoRenames = False,
    explain: options.Explain = False,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Generate all: migration, bindings, documentation."""
    from progy import cache
    from progy.migrations.naming import given_name

    project = session.start(environment, json=json, committed=True)
    wanted = given_name(name) if name is not None else None
    plain = not (rename or rename_table or backfill or no_renames)
    question = [database, project.environment]
    # A flag that names what isn't there is an error, even where there is nothing to do.
    kept = cache.load(project.root, "gen-all") if plain else None
    if kept is not None and kept[0]["question"] == question:
        _finish(project, None, None, check=check, command="gen all", warnings=kept[0]["warnings"])
        return
    with cache.Recorder() as recorder:
        from progy import generate

        chosen = project.database(database)
        flags = options.flags(rename, rename_table, backfill, no_renames=no_renames)
        models = project.models()
        proposal = _propose(models, chosen, wanted, flags, check=check)
        generated = generate.bindings(project, models) + generate.docs(project, models, chosen, _texts(proposal))
        warnings = [*(project.worker.warnings if project.worker else ()), *generated.warnings]
        nothing_to_do = proposal is None and not generated.stale()
    if nothing_to_do and plain:
        cache.keep(project.root, "gen-all", recorder, {"question": question, "warnings": warnings})
    command = _command("gen all", database, environment)
    _finish(project, proposal, generated, check=check, command=command, warnings=warnings, explain=explain)


@app.command()
def migration(  # noqa: PLR0913 - a command has as many parameters as options
    name: Name = None,
    *,
    rename: options.Rename = None,
    rename_table: options.RenameTable = None,
    backfill: options.Backfill = None,
    no_renames: options.NoRenames = False,
    explain: options.Explain = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Write one without SQL, to be filled by hand: to change data, say.")
    ] = False,
    revert: Annotated[
        str | None,
        typer.Option(
            help="Write one that takes the schema back to before this migration.", metavar="NAME", show_default=False
        ),
    ] = None,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    json: options.Json = False,
) -> None:
    """Write the migration to what the models declare."""
    from progy.migrations.flags import Flags
    from progy.migrations.naming import given_name

    project = session.start(environment, json=json, committed=True)
    session.tell_warnings(project)
    chosen = project.database(database)
    wanted = given_name(name) if name is not None else None
    flags = options.flags(rename, rename_table, backfill, no_renames=no_renames)
    if empty:
        if wanted is None or revert or check or explain or flags != Flags():
            raise UsageError("--empty takes a name and nothing else", hint="progy gen migration --empty NAME")
        _write_empty(project, chosen, wanted)
        return
    if revert is not None:
        if check:
            raise UsageError("--revert can't be checked: it is asked for once", hint="leave --check out")
        _write_revert(project, chosen, revert, wanted, flags, explain=explain)
        return
    proposal = _propose(project.models(), chosen, wanted, flags, check=check)
    command = _command("gen migration", database, environment)
    _finish(project, proposal, None, check=check, command=command, explain=explain)


@app.command()
def bindings(
    *, check: options.Check = False, environment: options.Environment = None, json: options.Json = False
) -> None:
    """Write typed bindings, for Python and TypeScript."""
    from progy import generate

    project = session.start(environment, json=json, committed=True)
    session.tell_warnings(project)
    generated = generate.bindings(project, project.models_if_any())
    command = _command("gen bindings", None, environment)
    _finish(project, None, generated, check=check, command=command, warnings=generated.warnings)


@app.command()
def docs(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    source: options.From = None,
    check: options.Check = False,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Write the documentation of the database."""
    from progy import generate

    if source is not None and source != "models":
        console.json = json
        _docs_from(session.sources(environment, database, persist_to), source, environment, check=check)
        return
    project = session.start(environment, json=json, committed=True)
    session.tell_warnings(project)
    generated = generate.docs(project, project.models(), project.database(database))
    command = _command("gen docs", database, environment)
    _finish(project, None, generated, check=check, command=command, warnings=generated.warnings, differences=True)


def _docs_from(sources: "Sources", source: str, environment: str | None, *, check: bool) -> None:
    """Write the documentation of a database without models, perhaps where there is no project."""
    from shlex import quote

    from progy import generate
    from progy.docs.patterns import names_of
    from progy.documented import documented
    from progy.project import Project

    found = documented(sources, source)
    everywhere, here = (
        _command(f"gen docs --from {quote(named)}", sources.database, environment) for named in (found.source, source)
    )
    if sources.persist_to is not None:
        here += f" --persist-to {quote(str(sources.persist_to))}"
    generated = generate.documentation(found.folder, found.catalogue, command=f"progy {everywhere}")
    project = sources.project or Project(sources.folder)
    warnings = list(found.settings.unmatched(names_of(found.schema))) if found.settings else []
    _finish(project, None, generated, check=check, command=here, warnings=warnings, differences=True)


def _command(command: str, database: str | None, environment: str | None) -> str:
    """A command with the options that say of which database it is."""
    from shlex import quote

    given = {"--database": database, "--env": environment}
    return " ".join([command, *(f"{option} {quote(value)}" for option, value in given.items() if value)])


def _propose(
    models: "Models", database: "Database", name: str | None, flags: "Flags", *, check: bool
) -> "Proposal | UndecidedError | None":
    """The next migration. What is open is asked where somebody is there; with `--check` it is the answer."""
    from progy.diff.questions import UndecidedError
    from progy.migrations.generate import propose

    said = agreed = flags
    new: tuple[tuple[Question, None], ...] = ()
    asked: Question | None = None
    answer: str | None = None
    while True:
        try:
            with session.replaying(database):
                proposal = propose(models, database.migrations, database.ledger, name, said, new)
        except UndecidedError as error:
            if check:
                return error
            if not ask.possible() or error.questions[0] == asked:
                raise
            ask.accepted(asked, answer)
            # One at a time: an answer may settle the other questions, or change them.
            asked, agreed = error.questions[0], said
        except UsageError as error:
            if asked is None:
                raise
            ask.rejected(error)  # and ask again
        else:
            ask.accepted(asked, answer)
            return proposal
        answer = ask.question(asked)
        if answer is None:
            new = (*new, (asked, None))
        else:
            said = agreed.answered(asked, answer)


def _texts(proposal: "Proposal | UndecidedError | None") -> list[tuple[str, str]]:
    """The migrations that are about to be written, for the page on the history."""
    files = () if proposal is None or isinstance(proposal, ProgyError) else proposal.files
    return [(file.migration.name, file.text) for file in files]


def _write_empty(project: "Project", database: "Database", name: str) -> None:
    """Write a migration that does nothing yet."""
    from progy.migrations.empty import write_empty

    path = project.relative(write_empty(database.migrations, name))
    console.result(f"{style('wrote', 'green')} {path}")
    console.say("write its SQL into it, then run progy gen docs: the documentation tells what it does")
    console.value({"written": [path], "changes": []})


def _write_revert(  # noqa: PLR0913 - what a migration needs, and what is reverted
    project: "Project", database: "Database", revert: str, name: str | None, flags: "Flags", *, explain: bool
) -> None:
    """Write a migration to the schema that there was before another one."""
    from progy.apply.applier import up_to
    from progy.migrations.naming import given_name
    from progy.migrations.revert import gone_for_good, models_of

    history = database.migrations.migrations()
    kept = up_to(history, revert)[:-1]
    first = history[len(kept)]
    with session.replaying(database):
        models = models_of(kept, database.ledger)
    proposal = _propose(models, database, name or given_name(f"revert_{first.name}"), flags, check=False)
    lost = gone_for_good(history[len(kept) :])
    _finish(project, proposal, None, check=False, command="gen migration --revert", warnings=lost, explain=explain)
    if proposal is None:
        console.say(f"the schema is what it was before {first.name}; what migrations did to rows isn't undone")
    else:
        console.say("take the change out of the models, too, or the next migration brings it back")


def _finish(  # noqa: PLR0913 - what the commands differ in
    project: "Project",
    proposal: "Proposal | UndecidedError | None",
    generated: "Generated | None",
    *,
    check: bool,
    command: str,
    warnings: "Sequence[str]" = (),
    explain: bool = False,
    differences: bool = False,
) -> None:
    """Write what was made, or with `--check` only say what isn't current. The migration is written last."""
    undecided = proposal if isinstance(proposal, ProgyError) else None
    proposed = None if isinstance(proposal, ProgyError) else proposal
    done: list[str] = []
    found = plans.value(proposed.plan) if proposed else {"changes": []}
    result: dict[str, Any] = {"stale" if check else "written": done, **found}
    shown: dict[str, list[str]] = {}
    if differences and check:
        result["differences"] = shown
    with console.reporting(result):
        for path in _stale(proposed, generated) if check else _write(proposed, generated):
            done.append(project.relative(path))
            verb = "stale" if check else "wrote" if path.exists() else "removed"
            console.result(f"{style(verb, 'yellow' if check else 'green')} {done[-1]}")
            if differences and check and generated and path.suffix == ".md":  # nobody reads those of the others
                shown[done[-1]] = generated.difference(path)
                if len(shown) <= _MOST_FILES:
                    _show(path, shown[done[-1]])
        if proposed:
            _tell(proposed, explain=explain)
        for warning in warnings:
            console.warn(warning)
        if check and (done or undecided):
            raise _stale_error(len(done), undecided, command)
    if not done:
        console.say("everything is up to date")


def _show(path: "Path", lines: "Sequence[str]") -> None:
    """How a stale file differs from what it should be, below its name; the beginning, where that is long."""
    if not lines:
        console.result("  nothing gives it any more" if path.exists() else "  it isn't there")
    for line in lines[:_MOST_LINES]:
        colour = {"+": "green", "-": "red"}.get(line[:1], "dim")
        text = printable(line.expandtabs())
        shown = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
        console.result(style(f"  {shown}".rstrip(), colour))
    if len(lines) > _MOST_LINES:
        console.result(style(f"  … {count(len(lines) - _MOST_LINES, 'more line')}; --json has all", "dim"))


_MOST_LINES, _MOST_FILES, _WIDEST = 12, 3, 200


def _stale_error(files: int, undecided: "UndecidedError | None", command: str) -> StaleError:
    message = f"{count(files, 'file')} not up to date" if files else ""
    if undecided:
        questions = "".join(f"\n  {question}" for question in undecided.questions)
        message += f"{'; and ' if message else ''}a migration is missing, which needs answers:{questions}"
    return StaleError(message, hint=f"progy {command}")


def _stale(proposal: "Proposal | None", generated: "Generated | None") -> "Iterator[Path]":
    if generated:
        generated.to_write()  # the command that is named then refuses what isn't ours
        yield from generated.stale()
    for file in proposal.files if proposal else ():
        yield file.migration.path


def _write(proposal: "Proposal | None", generated: "Generated | None") -> "Iterator[Path]":
    try:
        yield from generated.write() if generated else ()
        yield from proposal.write() if proposal else ()
    except OSError as error:
        raise ProgyError(
            f"can't be written: {error.strerror}", where=str(error.filename) if error.filename else None
        ) from None


def _tell(proposal: "Proposal", *, explain: bool) -> None:
    """Say what a migration changes, how, and what it deletes."""
    for line in proposal.summary():
        console.say(f"  {line}")
    names = [file.migration.name for file in proposal.files]
    what = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    for sentence in proposal.undeclared:
        console.warn(sentence)
    plans.tell(proposal.plan, what=what, explain=explain, untested=proposal.untested)
