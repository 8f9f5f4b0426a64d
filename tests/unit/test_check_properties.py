"""What progy generates passes its own check, and its files say what they lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from progy.check.findings import RULES, Finding
from progy.check.losing import loss_findings
from progy.check.replaying import replay
from progy.check.rows import row_findings
from progy.check.sources import Source
from progy.check.text import text_findings
from progy.d1.connection import Connection
from progy.d1.ledger import Ledger
from progy.errors import SqlError
from progy.migrations.file import comment_text, render_file
from progy.migrations.gate import lost
from progy.migrations.losses import losses
from tests.changes import script
from tests.judge import decided
from tests.mutations import pairs
from tests.unit.test_check import FakeMigration
from tests.world_rows import decisions

if TYPE_CHECKING:
    from tests.worlds import World

SOUND = {code for code, rule in RULES.items() if rule.severity == "error" and code[:3] in {"PD1", "PD2", "PD6"}}
"""What a generated migration never is; but for PD204, since files are split after they are planned."""


@given(pairs())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_progy_generates_passes_and_says_what_it_loses(pair: tuple[World, World]) -> None:
    old, new = pair
    with Connection() as shadow, Connection() as wanted:
        for connection, world in ((shadow, old), (wanted, new)):
            with connection.transaction():
                connection.run(script(world), where="world")
        before = shadow.schema()
        plan, _ = decided(before, wanted.schema(), decisions(old, new))
        text = render_file(plan) if plan.statements else ""
        if not text or _is_refused(shadow, text):
            return
    assert [loss.what for loss in losses(text, before)] == [comment_text(loss) for loss in plan.losses]
    seen = lost([FakeMigration(text, "1.sql")], before, Ledger())  # by running it, too
    assert [loss.what for _, loss in seen] == [comment_text(loss) for loss in plan.losses], text
    assert [one for one in findings(script(old), text) if one.code in SOUND - {"PD204"}] == [], text


def _is_refused(shadow: Connection, text: str) -> bool:
    """Whether a plan is one of those that progy doesn't write: of keys that refer to each other."""
    try:
        with shadow.copy() as copy, copy.transaction():
            copy.run(text, where="1.sql")
    except SqlError as error:
        if "foreign key mismatch" not in error.message:
            raise
        return True
    return False


def findings(history: str, text: str) -> list[Finding]:
    """What is found in a new migration."""
    sources = [
        Source(FakeMigration(one, f"{number}.sql"), f"{number}.sql") for number, one in enumerate((history, text))
    ]
    replayed = replay(sources, frozenset({"1.sql"}), Ledger())
    assert replayed.failure is None, replayed.failure
    (walked,) = replayed.walked
    return [*text_findings(sources[1]), *loss_findings(walked), *row_findings(walked)]
