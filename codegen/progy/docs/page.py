"""A page of the documentation: a heading, some words, sections, the way back. Empty sections are left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from progy.docs import markdown
from progy.docs.files import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

    from progy.docs.mermaid import Diagram

COMMAND = "progy gen docs"
"""What renews the documentation of models."""
BACK = f"[All tables]({INDEX})"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page with a heading of its own."""

    heading: str
    body: str
    """Markdown; empty for a section that isn't there."""


def render(
    heading: str, lead: Iterable[str], sections: Iterable[Section], *, footer: str = BACK, command: str = COMMAND
) -> str:
    """A page's text.

    Args:
        heading: The heading, as Markdown.
        lead: Paragraphs below it, as Markdown; empty ones are left out.
        sections: The sections.
        footer: What stands at the end.
        command: The command that renews it; a comment has to be able to hold it.
    """
    kept = [Section(each.heading, each.body.rstrip()) for each in sections if each.body]
    words = "\n\n".join(each.rstrip() for each in lead if each)
    text = (
        _templates()
        .get_template("page.md.jinja")
        .render(command=command, heading=heading, lead=words, sections=kept, footer=footer)
    )
    return text.rstrip("\n") + "\n"


def diagram(drawn: Diagram) -> str:
    """A diagram, and a sentence on what it doesn't show."""
    room = f"\nReferences that this diagram has no room for: {drawn.left_out}.\n" if drawn.left_out else ""
    return markdown.fenced("mermaid", drawn.text) + room


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 45 ms

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - it writes Markdown, which `progy.docs.markdown` escapes
    )
