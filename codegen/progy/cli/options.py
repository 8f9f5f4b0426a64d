"""Options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from progy.migrations.flags import Flags

Database = Annotated[
    str | None,
    typer.Option(
        "--database", "-d", help="The D1 database: its binding, name or id.", metavar="NAME", show_default=False
    ),
]
Environment = Annotated[
    str | None,
    typer.Option("--env", "-e", help="The environment in the wrangler config.", metavar="NAME", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 and name the files when any is stale.")]
PersistTo = Annotated[
    Path | None,
    typer.Option(help="The folder of the local state (.wrangler/state).", metavar="FOLDER", show_default=False),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="A database without models: local, remote, preview, migrations, a .sql file of DDL or a SQLite file.",
        metavar="SOURCE",
        show_default=False,
    ),
]
Local = Annotated[bool, typer.Option("--local", help="The local database, which is the default.", show_default=False)]
Remote = Annotated[bool, typer.Option("--remote", help="The database on Cloudflare.", show_default=False)]
Preview = Annotated[
    bool,
    typer.Option("--preview", help="The database on Cloudflare that preview_database_id names.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to what would be asked.", show_default=False)]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        help="A column with another name, as users.name:users.full_name. Once for each.",
        metavar="OLD:NEW",
        show_default=False,
    ),
]
RenameTable = Annotated[
    list[str] | None,
    typer.Option(
        "--rename-table",
        help="A table with another name, as account:accounts. Once for each.",
        metavar="OLD:NEW",
        show_default=False,
    ),
]
Backfill = Annotated[
    list[str] | None,
    typer.Option(
        "--backfill",
        help="What the rows that are there hold, as users.username='lower(email)'. Once for each.",
        metavar="COLUMN=SQL",
        show_default=False,
    ),
]
NoRenames = Annotated[
    bool, typer.Option("--no-renames", help="Whatever isn't named by a flag is no rename: it goes, and another comes.")
]
Explain = Annotated[bool, typer.Option("--explain", help="Say how each table is changed, and why so.")]


def flags(
    rename: list[str] | None, rename_table: list[str] | None, backfill: list[str] | None, *, no_renames: bool
) -> Flags:
    """What is said of a change by the options above."""
    from progy.migrations.flags import Flags

    return Flags(tuple(rename or ()), tuple(rename_table or ()), tuple(backfill or ()), no_renames)
