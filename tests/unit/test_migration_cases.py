"""Changes that were wrong once, by name."""

from __future__ import annotations

import pytest

from tests.cases import CASES
from tests.judge import Shadow
from tests.pairs import Case, run


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_was_wrong_once(case: Case) -> None:
    with Shadow() as shadow:
        result = run(case, shadow)
    assert result.failures == [], result.text
    assert result.kind == "right"
    assert result.text
