"""A migration for the user to fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.emit.outputs import write_new
from progy.errors import ProgyError

if TYPE_CHECKING:
    from pathlib import Path

    from progy.migrations.directory import MigrationDirectory

# A statement stands in it, since D1 has tripped over texts that are but a comment.
EMPTY = """\
-- Write the statements here, each with a semicolon at its end, in place of this one, which does nothing.
SELECT 1;
"""


def write_empty(directory: MigrationDirectory, name: str) -> Path:
    """Write the next migration, which does nothing yet.

    Args:
        directory: The history.
        name: Its name, in snake case.

    Raises:
        ConfigError: The directory's pattern wouldn't match it.
        ProgyError: There is a file of that name by now.
        OSError: It can't be written.
    """
    migration = directory.new(name)
    try:
        write_new(migration.path, EMPTY)
    except FileExistsError:
        raise ProgyError("somebody else has written this file meanwhile", where=str(migration.path)) from None
    return migration.path
