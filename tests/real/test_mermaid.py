"""mermaid's own parser takes every diagram that the documentation draws."""

from __future__ import annotations

import itertools
import json
import random
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from progy.docs.pages import pages
from progy.schema.objects import Column, ForeignKey, PrimaryKey, Table, Term, Unique, fold
from tests.large import large
from tests.real.engine import NODE_FOLDER, node_executable
from tests.unit.schemas import MODELS, SCHEMA, documented, schema_of
from tests.unit.test_docs_hostile import HOSTILE, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MERMAID = re.compile(r"^(`{3,})mermaid\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


def diagrams(written: dict[str, str]) -> list[str]:
    return [found[2] for page in written.values() for found in MERMAID.finditer(page)]


def verdicts(drawn: Iterable[str]) -> list[str | None]:
    """What mermaid says against each diagram."""
    done = subprocess.run(
        [str(node_executable()), "mermaid.mjs"],
        cwd=NODE_FOLDER,
        input=json.dumps(list(drawn)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    said: list[str | None] = json.loads(done.stdout)
    return said


@pytest.fixture(autouse=True)
def _mermaid(node_modules: Path) -> None:
    assert (node_modules / "mermaid").is_dir()


def refused(drawn: list[str]) -> list[tuple[str, str]]:
    said = verdicts(drawn)
    assert len(said) == len(drawn)
    return [(diagram, error) for diagram, error in zip(drawn, said, strict=True) if error]


def test_the_parser_refuses_what_is_wrong() -> None:
    assert [said is None for said in verdicts(['erDiagram\n  "a"\n', "erDiagram\n  class {\n  }\n"])] == [True, False]


def test_ordinary_documented() -> None:
    drawn = diagrams(documented(SCHEMA, MODELS))

    assert len(drawn) == 3  # of the index, and of the two tables that are joined
    assert refused(drawn) == []


@pytest.mark.parametrize("name", ["clinic", "market"])
def test_large_schemas(name: str) -> None:
    catalogue = large(name)
    drawn = diagrams(pages(catalogue))

    joined = {one for relation in catalogue.relations for one in (relation.child, relation.parent)}
    assert len(drawn) == len(joined) + len(catalogue.viewpoints)
    assert max(map(len, drawn)) < 50_000
    assert refused(drawn) == []


def test_hostile_names() -> None:
    drawn = [
        diagram for name in HOSTILE for column in ("a", name) for diagram in diagrams(page_of(name, column, "words"))
    ]

    # Two tables, and two viewpoints that have them: one with a stub for what it leaves out.
    assert len(drawn) >= 3 * len(HOSTILE)
    assert refused(drawn) == []


def test_names_of_all_kinds_of_characters() -> None:
    letters = "\"'`%\\<>[](){}|:;,.#&=+-*/~!?@$^_ \n\tabPKpk1é日\u200b\U0001f600"
    dice = random.Random(7)  # noqa: S311 - the same names every time
    names = ["".join(dice.choices(letters, k=dice.randrange(1, 10))) for _ in range(300)]

    drawn = [
        diagram for name, column in itertools.pairwise(names) for diagram in diagrams(page_of(name, column, "words"))
    ]

    assert refused(drawn) == []


def test_types_keys_and_many_hostile_columns() -> None:
    types = (
        "VARCHAR(9)",
        "NUMERIC (10, 2)",
        "UNSIGNED BIG INT",
        "A(",
        ")",
        "PK",
        "1",
        "é",
        "DOUBLE-PRECISION",
        "",
        "(x)",
    )
    typed = Table("typed", tuple(Column(f"c{n}", name) for n, name in enumerate(types)))
    keyed = Table(
        "keyed",
        tuple(Column(name) for name in HOSTILE),
        PrimaryKey((Term(HOSTILE[0]), Term(HOSTILE[1]))),
        uniques=tuple(Unique((Term(name),)) for name in HOSTILE[:5]),
        foreign_keys=tuple(ForeignKey((name,), "typed", ("c0",)) for name in HOSTILE),
    )

    drawn = diagrams(documented(schema_of(typed, keyed)))

    assert len(drawn) == 3
    assert refused(drawn) == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    more = ("_a_", "a *b* c", "$$x$$", "fa:fa-user", "**a**", "![a](b)", "#35;", "a\\", "<img src=x>")
    plain = (name.strip() for name in (*HOSTILE, *more) if name.isprintable() and len(name) < 60)
    names = list({fold(name): name for name in plain if name}.values())
    tables = [
        Table(f"{name} of", (Column("a"),), foreign_keys=(ForeignKey((name,), f"{name} of", ("a",)),)) for name in names
    ]
    written = documented(schema_of(*tables))

    found = drawn(diagrams({name: text for name, text in written.items() if name != "README.md"}), tmp_path)

    assert {(boxes[0], label) for boxes, [label] in found} == {(f"{name} of", name) for name in names}


def drawn(texts: list[str], folder: Path) -> list[tuple[list[str], list[str]]]:
    """The names and labels that each diagram shows when mermaid has drawn it in a browser."""
    library = (NODE_FOLDER / "node_modules" / "mermaid" / "dist" / "mermaid.min.js").as_uri()
    (folder / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><script src="{library}"></script>', "utf-8"
    )
    script = """(async () => {
      const found = [];
      const shown = (drawn, part) => [...drawn.querySelectorAll(part)].map((one) => one.textContent.trim()).filter(Boolean);
      for (const text of TEXTS) {
        const drawn = document.createElement("div");
        document.body.append(drawn);
        drawn.innerHTML = (await mermaid.render("m" + found.length, text)).svg;
        found.push([shown(drawn, ".label.name"), shown(drawn, ".edgeLabel .label")]);
      }
      return found;
    })()""".replace("TEXTS", json.dumps(texts))
    job = {
        "chromium": CHROMIUM,
        "profile": str(folder / "profile"),
        "url": (folder / "page.html").as_uri(),
        "steps": [{"eval": script}],
    }
    done = subprocess.run(
        [str(node_executable()), "chromium.mjs"],
        cwd=NODE_FOLDER,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["errors"] == []
    return [(boxes, labels) for boxes, labels in said["results"][0]]


def test_the_largest_diagram() -> None:
    hub = Table("hub", (Column("id", "INTEGER"),))
    spokes = [
        Table(f"s{n}", (Column("hub_id"),), foreign_keys=(ForeignKey(("hub_id",), "hub", ("id",)),)) for n in range(600)
    ]

    drawn = diagrams({"hub.md": documented(schema_of(hub, *spokes))["hub.md"]})

    assert len(drawn) == 1
    assert refused(drawn) == []
