"""Pairs of schemas from the field's own tests, each migrated with rows in place and looked at afterwards.

    python -m tests.pairs [name-filter] [-v] [--reversed] [--cross N] [--workerd]

runs them, on the shadow or on workerd, and prints what fails, with the SQL.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from progy.diff.decisions import ColumnRename, Decisions, TableRename
from progy.migrations.file import render_file
from tests import oracle
from tests.conftest import CHECKOUT
from tests.facts import lower
from tests.judge import Result, Shadow, Workerd, constant, decided, judge
from tests.real.engine import D1, install_node_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.judge import Engine

FILE = CHECKOUT.parent / "shared" / "conformance" / "schema_pairs.json"


@dataclass(frozen=True)
class Case:
    """A change of schema with rows, and what a user would say of it."""

    name: str
    old: str
    new: str
    seed: tuple[str, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    """Tables' old and new names."""
    columns: tuple[tuple[str, str, str], ...] = ()
    """Columns' tables by their new names, old and new names."""
    needs: tuple[tuple[str, str, str], ...] = ()
    """Tables, columns and types for which there has to be a value."""
    noop: bool = False
    mismatched: bool = False
    """The DDL refers to what is no key, and SQLite refuses every row there."""

    def renames(self) -> oracle.Renames:
        """The renames as the oracle wants them."""
        return oracle.Renames(
            {lower(new): lower(old) for old, new in self.tables},
            {(lower(table), lower(new)): lower(old) for table, old, new in self.columns},
        )

    def flags(self) -> list[str]:
        """The options that say it to `progy diff`."""
        old_names = {lower(new): old for old, new in self.tables}
        return [
            *(f"--rename-table={old}:{new}" for old, new in self.tables),
            *(f"--rename={old_names.get(lower(table), table)}.{old}:{table}.{new}" for table, old, new in self.columns),
            *(f"--backfill={table}.{column}={constant(declared)}" for table, column, declared in self.needs),
            "--no-renames",
        ]


def load() -> list[Case]:
    """The cases, or none where the file isn't."""
    return [_case(given) for given in json.loads(FILE.read_text("utf-8"))["cases"]] if FILE.exists() else []


def _case(given: dict[str, Any]) -> Case:
    renames = given["renames"]
    return Case(
        given["name"],
        given["from_ddl"],
        given["to_ddl"],
        tuple(given["seed"]),
        tuple((one["from"], one["to"]) for one in renames if one["kind"] == "table"),
        tuple((one["table"], one["from"], one["to"]) for one in renames if one["kind"] == "column"),
        tuple((one["table"], one["column"], one["type"]) for one in given["needs_value"]),
        noop=given["noop"],
        mismatched=given.get("mismatched_fk", False),
    )


def backwards(case: Case) -> Case:
    """The way back: what one named, the other drops. The rows are those of the seed that fit both ends."""
    there = f"{case.name} (back)"
    return Case(there, case.new, case.old, case.seed, noop=case.noop, mismatched=case.mismatched)


def crossed(cases: Sequence[Case], count: int) -> list[Case]:
    """Random pairs of one case's beginning and another's end."""
    chance = random.Random(20261123)  # noqa: S311 - the same pairs each time
    found = []
    for _ in range(count):
        one, other = chance.sample(cases, 2)
        found.append(
            replace(one, name=f"{one.name} x {other.name}", new=other.new, tables=(), columns=(), needs=(), noop=False)
        )
    return found


def run(case: Case, engine: Engine, *, strict: bool = True) -> Result:
    """Take an empty database from a case's beginning to its end, and look.

    Args:
        case: The change.
        engine: An empty database.
        strict: Every row has to be taken by the first schema and brought along, as those of the file are meant to.
    """
    result = Result()
    with Shadow() as first, Shadow() as second:
        for shadow, ddl in ((first, case.old), (second, case.new)):
            refused = shadow.migrate(ddl)
            if refused:
                result.kind = "refused by D1"
                return result
        old, new, wanted = first.schema(), second.schema(), oracle.master(second)
    if case.old:
        engine.migrate(case.old)
    refused = None if case.mismatched else _insert(case, engine)
    if refused and strict:
        return result.fail(f"a row is refused: {refused}")
    backfills = {(lower(table), lower(column)): constant(declared) for table, column, declared in case.needs}
    decisions = Decisions(
        tuple(TableRename(*names) for names in case.tables),
        tuple(ColumnRename(*names) for names in case.columns),
        backfills,
        no_renames=True,
    )
    try:
        planned, decisions = decided(old, new, decisions)
    except Exception as error:  # noqa: BLE001 - a planner that breaks is a failure of this case
        return result.fail(f"no plan: {type(error).__name__}: {error}")
    result.strategies = tuple(strategy.kind for strategy in planned.strategies)
    result.text = render_file(planned) if planned.statements else ""
    if case.noop and result.text:
        result.fail("nothing should change")
    return judge(engine, wanted, case.renames(), decisions.backfills, result, strict=strict and not case.mismatched)


def _insert(case: Case, engine: Engine) -> str | None:
    """Insert a case's rows, all at once where they all fit. Returns why some don't."""
    refused = engine.migrate(";\n".join(case.seed)) if case.seed else None
    if refused:
        for row in case.seed:
            engine.migrate(row)
    return refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases on the shadow and print what fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.pairs", description=__doc__)
    parser.add_argument("filter", nargs="?", default="", help="a part of the cases' names")
    parser.add_argument("-v", action="store_true", help="with the SQL")
    parser.add_argument("--reversed", action="store_true", help="the way back, too")
    parser.add_argument("--cross", type=int, default=0, help="so many pairs of one's beginning and another's end")
    parser.add_argument("--workerd", action="store_true", help="on D1's own engine, which takes a minute")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        if options.workerd:
            install_node_modules()
            d1 = D1()
            stack.callback(d1.stop)
            return _run_all(options, lambda: Workerd(d1.fresh()))
        return _run_all(options, Shadow)


def _run_all(options: argparse.Namespace, engine: Callable[[], Engine]) -> int:
    cases = load()
    found = [(case, True) for case in cases]
    found += [(backwards(case), False) for case in cases] if options.reversed else []
    found += [(case, False) for case in crossed(cases, options.cross)]
    counted: Counter[str] = Counter()
    rows = 0
    for case, strict in found:
        if options.filter not in case.name:
            continue
        result = run(case, engine(), strict=strict)
        counted[result.kind] += 1
        rows += result.rows
        if result.failures:
            report(case, result, verbose=options.v)
    sys.stdout.write(f"{', '.join(f'{count} {kind}' for kind, count in sorted(counted.items()))}; {rows} rows\n")
    return 1 if counted["wrong"] else 0


def report(case: Case, result: Result, *, verbose: bool) -> None:
    """Print a failure."""
    lines: Iterable[str] = [f"== {case.name}", *(f"   {failure}" for failure in result.failures)]
    if verbose:
        seed = [f"{row};" for row in case.seed]
        lines = [*lines, "-- from", case.old, "-- to", case.new, "-- rows", *seed, "-- migration", result.text]
        lines = [*lines, "-- flags", *case.flags()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
