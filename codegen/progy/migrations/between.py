"""The SQL between any two schemas, proven as a migration is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.migrations.file import render_file
from progy.plan.planner import plan
from progy.proof.prove import prove
from progy.schema.render import create_all

if TYPE_CHECKING:
    from progy.diff.decisions import Decisions
    from progy.plan.model import Plan
    from progy.schema.objects import Schema


@dataclass(frozen=True, slots=True)
class Difference:
    """The way from one schema to another."""

    plan: Plan
    text: str
    """Its SQL; empty when the schemas mean the same."""
    untested: tuple[str, ...] = ()
    """What the proof couldn't show, as sentences without a full stop."""


def between(old: Schema, new: Schema, decisions: Decisions) -> Difference:
    """The SQL that takes a database from `old` to `new`, whatever its size.

    Raises:
        UndecidedError: Something may be a rename, or needs a value, and nobody has said which.
        UsageError: A decision names what isn't there.
        ProofError: The SQL doesn't do what it should: a bug in progy.
    """
    found = plan(old, new, decisions)
    if not found:
        return Difference(found, "")
    text = render_file(found)
    with Connection() as shadow:
        with shadow.transaction():
            shadow.run(";\n".join(create_all(old)), where="the schema as it is")
        proof = prove(shadow, text, old, new, renames=found.renames, filled=found.filled, computed=found.computed)
    return Difference(found, text, proof.untested)
