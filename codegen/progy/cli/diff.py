"""`progy diff`: the SQL from one schema to another."""

from typing import Annotated

import typer

from progy.cli import options, plans, session
from progy.cli.console import console

_WHAT = "models, migrations, local, remote, preview, a .sql file of DDL, or a SQLite file"


def diff(  # noqa: PLR0913 - a command has as many parameters as options
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The schema as it is: {_WHAT}.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The schema as it should be: one of the same.")],
    *,
    rename: options.Rename = None,
    rename_table: options.RenameTable = None,
    backfill: options.Backfill = None,
    no_renames: options.NoRenames = False,
    explain: options.Explain = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when there is a difference.")] = False,
    database: options.Database = None,
    environment: options.Environment = None,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Print the SQL that leads from one schema to another.

    Nothing is printed when they are the same. Nobody is asked: what can't be decided is said with the flags that do.
    """
    from progy.diff.decisions import Decisions
    from progy.migrations.between import between
    from progy.migrations.flags import declared, resolve
    from progy.plan.parts import MOST_STATEMENTS

    console.json = json
    flags = options.flags(rename, rename_table, backfill, no_renames=no_renames)
    sources = session.sources(environment, database, persist_to)
    old, new = sources.schema(source), sources.schema(target)
    said = declared(sources.models, old) if target == "models" else Decisions()
    difference = between(old, new, resolve(flags, old, new, said))
    found = difference.plan
    if found:
        console.result(difference.text.rstrip("\n"))
        plans.tell(found, what="this SQL", explain=explain, untested=difference.untested)
        if len(found.statements) > MOST_STATEMENTS:
            console.warn(
                f"these are {len(found.statements)} statements, and D1 takes 100 at once; gen migration splits"
            )
    console.value({"from": source, "to": target, **plans.value(found), "sql": difference.text})
    if found and exit_code:
        raise typer.Exit(1)
