"""Why a statement of a plan is there, as the migration's file says above it."""

from __future__ import annotations

import re
from enum import StrEnum


class Reason(StrEnum):
    """The words; names take the place of `{}`.

    All of them stand here, so that whoever reads a file later can tell progy's own words from its author's.
    """

    CHECKED = "A difference between these and what they should be aborts the migration, with nothing changed"
    COLUMN = "Becomes {}"
    COUNTER = "AUTOINCREMENT goes on where it was, also when the last rows are gone"
    FINDS = "Finds the rows of {} that refer to a row of {}"
    KEEPS = "Keeps the {} of {} while {} is dropped"
    KEY = "Without a key SQLite takes no row that refers to it"
    LATER = "References are looked at when the new table is in place"
    ROWS = "Takes over the rows"
    TOGETHER = "The rows refer to each other until all of them are gone"
    UNIQUE = "Stands for the UNIQUE constraint"
    WAS_KEY = "Was a key of {}"
    WAS_THERE = "Stands for {}, which is gone"
    WILL_BE = "Stands for {}, which comes when this is done"


_REASONS = re.compile("|".join(re.escape(one).replace(r"\{\}", r"\S+") for one in Reason))


def is_reason(line: str) -> bool:
    """Whether a comment's line, without its marks, is one of these; not with names that have blanks.

    In doubt it is its author's.
    """
    return _REASONS.fullmatch(line) is not None
