"""GitHub's Markdown from arbitrary text: whatever a name or a description holds, it is shown and does nothing."""

from __future__ import annotations

import inspect
import re
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# A description may hold code in backticks, within a line, and addresses.
_KEPT = re.compile(
    r"(?<!`)(?:`(?!`)[^`\n]+`|``(?!`)(?:[^`\n]|`(?!`))+``)(?!`)|(?P<url>https?://[^\s<>`|]*[^\s<>`|?!.,:;*_~'\"])"
)
# A pair of dollars holds a formula on GitHub.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#|\w+;)")
# What makes a heading, a rule, a table or a list at the beginning of a line.
_LINE_START = re.compile(r"[#+=]|:(?=-)|-|\d+(?=[.)])")
_ITEM = re.compile(r"(?P<indent> *)(?:[-*+]|(?P<number>\d{1,2}[.)])) +(?![-*+ ]*$)")
_FENCE = re.compile(r" *(?P<fence>`{3,}|~{3,}) *(?P<language>[\w+-]*) *")
_CODE_INDENT = 4
# A line that goes on with no other: indented, or of a table, a quote, a heading, a field (`:param a:`), a rule.
_ALONE = re.compile(r" |[|>#]|[:@]\w|([-=~^])\1\1")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What turns the direction of writing would turn the names behind it, too.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


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
    """Words as Markdown paragraphs, lists and blocks of code.

    Code in backticks stays code, and a line that is indented one by itself. Anything else that means something is
    escaped.
    """
    return "\n\n".join(
        fenced(block.language, "\n".join(block.lines)).rstrip("\n")
        if isinstance(block, _Code)
        else _paragraphs(block, line_break="\\")
        for block in _blocks(words)
    )


def cell(words: str) -> str:
    """Words as `text` has them, for a table's cell, where there are lines but no blocks."""
    return "\n\n".join(
        "\n".join(code(line.strip()) for line in block.lines if line.strip())
        if isinstance(block, _Code)
        else _paragraphs(block, line_break="")
        for block in _blocks(words)
    )


def line(words: str) -> str:
    """Words as Markdown on a single line."""
    return _inline(" ".join(words.split()))


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


class _Code(NamedTuple):
    """A block of code."""

    language: str
    lines: list[str]


def _blocks(words: str) -> Iterator[list[str] | _Code]:
    """The blocks of code, and the lines between them."""
    lines = [line.rstrip() for line in _outdented("\n".join(_LINE_END.split(words)).expandtabs()).split("\n")]
    prose: list[str] = []
    around = 0  # how far the last line of prose is indented
    at = 0
    while at < len(lines):
        found = _fenced_code(lines, at)
        if found is None and not any(prose[-1:]) and not _in_list(prose):
            found = _indented_code(lines, at, around + _CODE_INDENT)
        if found is None:
            around = _indent(lines[at]) if lines[at] else around
            prose.append(lines[at])
            at += 1
            continue
        if any(prose):
            yield prose
        prose = []
        block, at = found
        yield block
    if any(prose):
        yield prose


def _outdented(words: str) -> str:
    """A description without the indentation of the code around it, unless somebody has taken that off already."""
    first, _, rest = words.partition("\n")
    margin = min((_indent(line) for line in rest.split("\n") if line.strip()), default=0)
    # Of `Kinds:` with nothing but a block below, the indentation is the block's.
    is_block = first.rstrip().endswith(":") and 0 < margin <= _CODE_INDENT
    return f"{first.strip()}\n{rest.rstrip()}" if is_block else inspect.cleandoc(words)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _fenced_code(lines: Sequence[str], at: int) -> tuple[_Code, int] | None:
    """The block of code that is fenced off there, and the place behind it."""
    opened = _FENCE.fullmatch(lines[at])
    if opened is None:
        return None
    closes = re.compile(rf" *{opened['fence'][0]}{{{len(opened['fence'])},}}")
    end = next((end for end in range(at + 1, len(lines)) if closes.fullmatch(lines[end])), None)
    if end is None:
        return None
    return _Code(opened["language"], textwrap.dedent("\n".join(lines[at + 1 : end])).split("\n")), end + 1


def _indented_code(lines: Sequence[str], at: int, margin: int) -> tuple[_Code, int] | None:
    """The block of code that is indented there, and the place behind it; a list that is indented is none."""
    end = at
    while end < len(lines) and (_indent(lines[end]) >= margin or not lines[end]):
        end += 1
    if at == 0 or not lines[at] or end == at or _ITEM.match(lines[at]):
        return None
    return _Code("", textwrap.dedent("\n".join(lines[at:end])).strip("\n").split("\n")), end


def _in_list(lines: Sequence[str]) -> bool:
    """Whether lines that come next and are indented belong to an item of a list."""
    last = next((line for line in reversed(lines) if line and (not line.startswith(" ") or _ITEM.match(line))), "")
    return _ITEM.match(last) is not None


def _paragraphs(lines: Sequence[str], line_break: str) -> str:
    """Paragraphs and lists.

    Args:
        lines: Their lines.
        line_break: What ends a line where the next one begins anew, as those below `Attributes:` do.
    """
    written: list[str] = []
    margin: int | None = None  # how far a list's own items are indented; None outside of lists
    depth = 0  # how far the last item is indented beyond that
    for before, line in pairwise(["", *lines]):
        item = _ITEM.match(line)
        is_in_paragraph = margin is None and any(written[-1:])
        if item:
            if is_in_paragraph and line_break and item["number"] not in {None, "1.", "1)"}:
                written.append("")  # no other number ends a paragraph
            # More than four spaces beyond the last item would be code.
            margin, limit = (len(item["indent"]), 0) if margin is None else (margin, depth + 4)
            depth = max(0, min(len(item["indent"]) - margin, limit))
            written.append(f"{' ' * depth}{item['number'] or '-'} {_inline(line[item.end() :])}")
            continue
        if line and not any(written[-1:]):
            margin = None
        if line and is_in_paragraph and (_ALONE.match(line) or _ALONE.match(before)):
            written[-1] += line_break
        written.append(_inline(line.strip()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(written).strip("\n"))


def _inline(line: str) -> str:
    """A line: code in backticks stays, anything else that means something is escaped."""
    line = _CONTROL.sub("\ufffd", line)
    parts = []
    end = 0
    for found in _KEPT.finditer(line):
        parts += [_escape(line[end : found.start()]), _address(found[0]) if found["url"] else found[0]]
        end = found.end()
    parts.append(_escape(line[end:]))
    return _LINE_START.sub(_escape_start, "".join(parts), count=1) if _LINE_START.match(line) else "".join(parts)


def _address(url: str) -> str:
    end = len(url) if "(" in url else len(url.rstrip(")"))
    # GitHub makes a link of it, whose address would have the escapes.
    shown = url[:end] if _escape(url[:end]) == url[:end] else f"<{url[:end]}>"
    return shown + url[end:]


def _escape(words: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], f"\\{found[0]}"), words)


def _escape_start(found: re.Match[str]) -> str:
    # A number needs the escape before its dot, not before itself.
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _longest_run(body: str) -> int:
    return max(map(len, re.findall(r"`+", body)), default=0)


# A pipe must make no table of a paragraph, nor a cell of a part of one.
_ESCAPES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
