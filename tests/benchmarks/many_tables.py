"""How long diff, plan and proof take for many tables, without the time that models take to import.

    python -m tests.benchmarks.many_tables [100 1000]

Tables of 20 columns, in chains of five that refer to the one before. Either one of them changes, or one in ten, by a new CHECK.
"""

from __future__ import annotations

import functools
import sys
import time
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.diff.decisions import Decisions
from progy.migrations.file import render_file
from progy.plan.parts import parts
from progy.proof.prove import prove

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import TypeVar

    Found = TypeVar("Found")


def ddl(count: int, changed: Collection[int] = ()) -> str:
    """So many tables, some of them with one more CHECK."""
    statements = []
    for number in range(count):
        lines = ["id INTEGER PRIMARY KEY", "name TEXT NOT NULL", "email TEXT COLLATE NOCASE"]
        if number % 5:
            lines.append(f"parent INTEGER REFERENCES table_{number - 1} (id) ON DELETE CASCADE")
        lines += [f"column_{place} {'TEXT' if place % 2 else 'INTEGER DEFAULT 0'}" for place in range(20 - len(lines))]
        if number in changed:
            lines.append("CHECK (length(name) < 99)")
        statements.append(f"CREATE TABLE table_{number} ({', '.join(lines)})")
        statements.append(f"CREATE UNIQUE INDEX table_{number}_email ON table_{number} (email)")
    return ";\n".join(statements)


def timed(does: Callable[[], Found]) -> tuple[float, Found]:
    """The seconds that something takes, and what it gives."""
    began = time.perf_counter()
    found = does()
    return time.perf_counter() - began, found


def measure(count: int, changed: Collection[int]) -> list[float]:
    """Seconds to replay and read the history, to diff, to plan in parts that D1 takes, to prove each."""
    with Connection() as shadow, Connection() as wanted:

        def read(connection: Connection, text: str) -> object:
            with connection.transaction():
                connection.run(text, where="ddl")
            return connection.schema()

        reading, _ = timed(lambda: read(shadow, ddl(count)))
        read(wanted, ddl(count, changed))
        old, new = shadow.schema(), wanted.schema()
        diffing, changes = timed(lambda: compare(old, new))
        planning, (whole, found) = timed(lambda: parts(old, new, Decisions(no_renames=True)))
        assert len(changes) == len(changed) == len(whole.strategies)
        proving = 0.0
        for part in found:
            text, made = render_file(part.plan), part.plan
            seconds, proof = timed(
                functools.partial(prove, shadow, text, part.old, part.new, filled=made.filled, computed=made.computed)
            )
            proving += seconds
            assert proof.untested == ()
            with shadow.transaction():
                shadow.run(text, where="part")
    return [reading, diffing, planning, proving]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    counts = [int(one) for one in (arguments if arguments is not None else sys.argv[1:])] or [100, 1000]
    sys.stdout.write(
        "| tables | changed | read, s | diff, s | plan with diff, s | proof, s |\n|---|---|---|---|---|---|\n"
    )
    for few in (True, False):
        for count in counts:
            changed = {count // 2} if few else set(range(3, count, 10))
            figures = " | ".join(f"{seconds:.3f}" for seconds in measure(count, changed))
            sys.stdout.write(f"| {count:,} | {len(changed)} | {figures} |\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
