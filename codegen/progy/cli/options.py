"""Options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
Local = Annotated[bool, typer.Option("--local", help="The local database, which is the default.", show_default=False)]
