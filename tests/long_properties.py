"""Thousands of random migrations, with figures.

    python -m tests.long_properties 8000 [--workerd 300] [--proof 1000] [--seed 1]

A failure is printed with all that it takes to see it again, and the run goes on.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.changes import attempt, explained
from tests.judge import Result, Shadow, Workerd
from tests.mutations import COUNTS, NULLS, pairs
from tests.real.engine import D1, install_node_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.judge import Engine
    from tests.worlds import World

SHOWN = 1
"""How many failures that begin alike are printed whole."""


class Figures:
    """What is counted."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.kinds: Counter[str] = Counter()
        self.strategies: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.rows = 0

    def add(self, result: Result, failure: Callable[[], str]) -> None:
        """Count a result, and print it when it is wrong and the first of its kind."""
        self.kinds[result.kind if result.text or result.failures else "nothing to do"] += 1
        self.strategies.update(result.strategies)
        self.rows += result.rows
        if result.failures:
            kind = re.sub(r'"[^"]*"|[\w;]+\.[\w;]+', "…", result.failures[0])[:60]
            self.failures[kind] += 1
            if self.failures[kind] <= SHOWN:
                sys.stdout.write(failure())

    def __str__(self) -> str:
        """The figures, on one line each."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        strategies = ", ".join(f"{count} {kind}" for kind, count in self.strategies.most_common())
        return f"{self.kinds.total()} pairs: {kinds}\n{self.rows} rows checked\ntables: {strategies}\n{chr(10).join(f'{count:5} {kind}' for kind, count in self.failures.most_common())}"


def run(count: int, start: int, engine: Callable[[], Engine] | None) -> Figures:
    """Try so many random changes; without an engine by progy's own proof."""
    figures = Figures()

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pairs(), COUNTS, NULLS)
    def one(pair: tuple[World, World], rows_each: int, nulls: str) -> None:
        old, new = pair
        result = attempt(old, new, rows_each, nulls, engine() if engine else None)
        figures.add(result, lambda: explained(old, new, rows_each, nulls, Shadow if engine else None))

    one()
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.long_properties", description=__doc__)
    parser.add_argument("count", type=int, help="how many on the shadow")
    parser.add_argument("--workerd", type=int, default=0, help="how many on D1's own engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proof", type=int, default=0, help="for how many progy's own proof has to succeed")
    options = parser.parse_args(arguments)
    found = []
    if options.count:
        found.append(_report("shadow", options.count, options.seed, Shadow))
    if options.proof:
        found.append(_report("proof", options.proof, options.seed, None))
    if options.workerd:
        install_node_modules()
        d1 = D1()
        try:
            found.append(_report("workerd", options.workerd, options.seed, lambda: Workerd(d1.fresh())))
        finally:
            d1.stop()
    return 1 if any(figures.kinds["wrong"] for figures in found) else 0


def _report(name: str, count: int, start: int, engine: Callable[[], Engine] | None) -> Figures:
    began = time.monotonic()
    figures = run(count, start, engine)
    sys.stdout.write(f"{name}: {time.monotonic() - began:.0f} s, {figures}\n")
    return figures


if __name__ == "__main__":
    sys.exit(main())
