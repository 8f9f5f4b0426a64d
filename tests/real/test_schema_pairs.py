"""The field's own changes of schema, on D1's own engine: every case, as the file's README says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Project
from tests.judge import Result, Shadow, Workerd
from tests.pairs import Case, backwards, crossed, load, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.engine import D1

CASES = load()

pytestmark = pytest.mark.skipif(not CASES, reason="the field's cases aren't there")

# D1 knows no such functions, so it refuses the case's own DDL; the test below asks it.
REFUSED_BY_D1 = {"sqldef/mysqldef/tests_datatypes/UUIDBinary", "sqldef/mysqldef/tests_mysql80/UUIDToBin"}


def on_shadow(case: Case, *, strict: bool) -> Result:
    with Shadow() as shadow:
        return run(case, shadow, strict=strict)


def wrong(results: dict[str, Result]) -> dict[str, list[str]]:
    return {name: result.failures for name, result in results.items() if result.failures}


@pytest.mark.parametrize("part", range(4))
def test_every_pair_on_workerd(d1: D1, part: int) -> None:
    results = {}
    cases = CASES[part::4]
    for case in cases:
        database = d1.fresh()
        if case.name in REFUSED_BY_D1:
            assert "not authorized to use function" in str(Workerd(database).migrate(case.new))
        results[case.name] = run(case, Workerd(database))
        database.close()
    assert wrong(results) == {}
    refused = {name for name, result in results.items() if result.kind == "refused by D1"}
    assert refused == REFUSED_BY_D1 & results.keys()
    # A reference to what is no key: SQLite itself refuses to write there.
    mismatched = {case.name for case in cases if case.mismatched}
    assert {name for name, result in results.items() if result.kind == "mismatch"} <= mismatched
    assert sum(result.rows for result in results.values()) > 200


def test_every_pair_on_the_way_back() -> None:
    """What one way adds the other drops. `python -m tests.pairs --reversed --workerd` does it on workerd."""
    results = {case.name: on_shadow(case, strict=False) for case in map(backwards, CASES)}
    assert wrong(results) == {}
    assert sum(result.rows for result in results.values()) > 1000


def test_one_pairs_beginning_to_anothers_end() -> None:
    results = {case.name: on_shadow(case, strict=False) for case in crossed(CASES, 600)}
    assert wrong(results) == {}


def with_flags(case: Case) -> bool:
    return bool(case.tables or case.columns or case.needs)


COMMANDS = [case for number, case in enumerate(CASES) if with_flags(case) or case.noop or number % 60 == 0]


@pytest.mark.parametrize("case", COMMANDS, ids=[case.name for case in COMMANDS])
def test_the_command_prints_what_the_library_plans(case: Case, tmp_path: Path) -> None:
    """All cases that need a flag, those where nothing changes, and some of the others."""
    project = Project(tmp_path)
    project.write("from.sql", case.old)
    project.write("to.sql", case.new)
    expected = on_shadow(case, strict=True)
    printed = project.progy("diff", "from.sql", "to.sql", *case.flags()).stdout
    assert printed == expected.text
    assert expected.failures == []
