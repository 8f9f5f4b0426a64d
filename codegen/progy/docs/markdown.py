"""GitHub's Markdown from arbitrary text: whatever a name or a description holds, it is shown and does nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A description may hold code in backticks, within a line.
_CODE = re.compile(r"(?<!`)(?:`(?!`)[^`\n]+`|``(?!`)(?:[^`\n]|`(?!`))+``)(?!`)")
_SPECIAL = re.compile(r"[\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#|\w+;)")
# What makes a heading, a rule, a list or a quotation at the beginning of a line, but for the dash of a list.
_LINE_START = re.compile(r"(?m)^(#|\+|=|-(?! )|-(?= *(?:-|$))|\d+(?=[.)]))")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def code(name: str) -> str:
    """A name or an expression as a code span, on one line.

    Line ends are shown as `↵`, control characters as `�`; an empty name as `""`.
    """
    line = _CONTROL.sub("\ufffd", _LINE_END.sub("↵", name)) or '""'
    fence = "`" * (_longest_run(line) + 1)
    # A backtick needs a space beside it, and a reader takes one space off each end, unless there is nothing else.
    pad = " " if line.strip(" ") and (line[0] in "` " or line[-1] in "` ") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def text(words: str) -> str:
    """Words as Markdown paragraphs: code in backticks stays code, anything else that means something is escaped."""
    lines = (line.strip() for line in _LINE_END.split(words.strip()))
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    parts = []
    end = 0
    for found in _CODE.finditer(joined):
        parts += [_escape(joined[end : found.start()]), found[0]]
        end = found.end()
    parts.append(_escape(joined[end:]))
    return _LINE_START.sub(_escape_start, "".join(parts))


def line(words: str) -> str:
    """Words as Markdown on a single line."""
    return text(" ".join(words.split()))


def first_paragraph(words: str) -> str:
    """The first paragraph of a description, on a single line."""
    return line(re.split(r"\n\s*\n", words.strip(), maxsplit=1)[0])


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, keep: int = 1) -> str:
    """A table of Markdown cells.

    Args:
        headers: The columns' headings.
        rows: Cells of one line, or of several, which are joined by `<br />`.
        keep: How many of the first columns stay even if they are empty in every row; others are left out then.

    Returns:
        The table with a final line end, or nothing when there are no rows.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    used = [at for at in range(len(headers)) if at < keep or any(row[at] for row in cells)]
    lines = [[headers[at] for at in used], ["---"] * len(used), *([row[at] for at in used] for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fenced(language: str, body: str) -> str:
    """A fenced block, whose fence is longer than any run of backticks in it."""
    fence = "`" * max(3, _longest_run(body) + 1)
    lines = "\n".join(_LINE_END.split(body.rstrip("\n")))
    return f"{fence}{language}\n{lines}\n{fence}\n"


def _cell(markdown: str) -> str:
    # A table's reader looks for pipes before anything else, in code too.
    return markdown.replace("|", "\\|").replace("\n", "<br />")


def _escape(words: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], f"\\{found[0]}"), words)


def _escape_start(found: re.Match[str]) -> str:
    # A number needs the escape before its dot, not before itself.
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _longest_run(body: str) -> int:
    return max(map(len, re.findall(r"`+", body)), default=0)


# A pipe must make no table of a paragraph, nor a cell of a part of one.
_ESCAPES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
