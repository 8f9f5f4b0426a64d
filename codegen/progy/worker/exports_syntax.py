"""JavaScript and TypeScript as a syntax tree, by tree-sitter. Importing this module loads the parser.

One grammar reads both: TypeScript's, in its two forms with and without JSX. What it doesn't know of the languages is
written over before a second try, byte for byte, so that every place in the tree is the same place in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import tree_sitter_typescript
from tree_sitter import Language, Parser, Query, QueryCursor

from progy.errors import ConfigError, EntryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_QUOTED = rb"(?:\"[^\"\n]*\"|'[^'\n]*')"
_COMMENT = rb"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
_NAME = rb"[\w$\\\x80-\xff]+"
_UNKNOWN = tuple(
    (re.compile(pattern, re.DOTALL), filler)
    for pattern, filler in (
        # Names that are words of the language, in `{ type as as }`. The text is read by `specifiers`.
        (rb"\b(?:import|export)\b[\s\w$,]{,200}(?<!\$)\{(?P<over>(?:" + _QUOTED + rb"|[\s,\w$])*)\}", b" "),
        (rb"\bexport\s+(?P<over>type)\s*\*", b" "),
        (rb"\bimport\s+(?P<over>type)\s*(?:,|=|from\s*['\"])", b"_"),
        (rb"\bimport\s+(?P<over>type)\s+(?:from\s+from\b|" + _NAME + rb"\s*=)", b" "),
        (rb"\bimport\s+(?P<over>source)\s+(?!from\s*['\"])" + _NAME + rb"\s+from\b", b" "),
        (rb"\bexport\s+import\s+" + _NAME + rb"\s*=\s*require(?P<over>\s*\(\s*" + _QUOTED + rb"\s*\))", b"_"),
        # Attributes of a re-export.
        (rb"\bfrom\s*" + _QUOTED + rb"(?P<over>\s*\bwith\s*\{[^{}]*\})", b" "),
        # `import("./x").Type<Parameter>`, and `import.source(…)`.
        (rb"\bimport(?P<over>\.source)\b", b"_"),
        (rb"\bimport(?P<over>\(\s*" + _QUOTED + rb"\s*\))", b"_"),
        (rb"\b(?P<over>abstract)\s+class\s*(?:[{<]|extends\b|implements\b)", b" "),
        (rb"\b(?:static|abstract|override|declare)\s+(?P<over>accessor)\b", b" "),
        (rb"[<,]\s*(?P<over>in\s+out|in|out)\s+" + _NAME, b" "),
        (rb"\bfor\s*(?:await\s*)?\(\s*(?P<over>(?:await\s+)?using)\s+" + _NAME + rb"\s+of\b", b" "),
        # Names that are words of the language elsewhere.
        (rb"\b(?P<over>interface|abstract|using)\s*[^\s\w$@\[{\\\x80-\xff]", b"_"),
        (rb"(?:\b(?:let|const|var)\s+|,\s*)(?P<over>as|satisfies)\s*=", b"_"),
        # A target in parentheses, as bundlers write it: `({ a: (b) } = c)`.
        (rb"[:\[,]\s*(?P<over>\(\s*(?:" + _COMMENT + rb"\s*)?[\w$.]+\s*\))\s*(?:[,}\]]|=(?!>))", b"_"),
        (rb"\?(?P<over>\.)\d", b" "),
        # A statement that ends with its line, though the next one looks like more of it.
        (rb"\}[ \t]*(?P<over>\n)\s*(?:[\[(`]|/[^/*])", b";"),
        (rb"(?P<over>\r)(?!\n)", b"\n"),
        # `&` in JSX text; everywhere else `|` is as good.
        (rb"(?P<over>&)", b"|"),
    )
)
"""What is written over, and with what."""
_LINE_END = re.compile(rb"\bexport[ \t]*+(?:[\r\n]|//|/\*)")
_GAP = re.compile(rb"(?>\s++|//[^\n]*+|/\*.*?\*/)*+", re.DOTALL)
_LINE_BEFORE_FROM = re.compile(rb"\}(?P<over>[ \t]*+(?://[^\n]*+)?+[\r\n]\s*+)from\s*['\"]")
_ALONE = """((expression_statement . (identifier) @export) (#eq? @export "export"))"""
_PAIRS = {"}": "{", ")": "(", "]": "["}


@dataclass(frozen=True)
class Source:
    """A parsed file."""

    root: Node
    content: bytes
    """The text as it is in the file, in UTF-8; the tree's places are places in it."""
    file: str
    typescript: bool

    def text(self, node: Node) -> str:
        """The node's text."""
        return self.content[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node) -> str:
        """What an identifier or a string means."""
        return plain(self.text(node))

    def error(self, message: str, node: Node, hint: str) -> ConfigError:
        """An error at a node's place."""
        return ConfigError(message, where=self._place(node), hint=hint)

    def refuse(self) -> None:
        """Raise what is wrong, if the parser found something.

        Raises:
            EntryError: The first place that it couldn't read.
        """
        if (found := _first_error(self.root)) is None:
            return
        if found.is_missing:
            problem = f'"{found.type}" is missing'
        elif (bracket := _left_open(found)) is not None:
            found, problem = bracket, f'"{bracket.type}" is never closed'
        else:
            problem = f"unexpected {self.text(found).strip().partition(chr(10))[0][:40]}"
        raise EntryError(
            f"the entry file can't be parsed: {problem}",
            where=self._place(found),
            hint="mend it; if wrangler builds it as it is, let `npx wrangler types` write the types",
        )

    def _place(self, node: Node) -> str:
        before = self.content[: node.start_byte]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        return f"{self.file}:{before.count(10) + 1}:{column}"

    @cached_property
    def module_scope(self) -> frozenset[str]:
        """The values that the module itself declares or imports."""
        from progy.worker.exports_scopes import bound, hoisted  # which needs this module

        lexical = (name for statement in self.root.named_children for name in bound(self, statement))
        return frozenset((*lexical, *hoisted(self, self.root)))


def parse(text: str, file: str, *, typescript: bool, jsx: bool) -> Source:
    """Parse a file.

    Args:
        text: Its text.
        file: Its name, for errors.
        typescript: Whether it is TypeScript; JavaScript otherwise.
        jsx: Whether `<` may begin an element.

    Raises:
        ConfigError: It isn't what it should be.
    """
    language = Language(tree_sitter_typescript.language_tsx() if jsx else tree_sitter_typescript.language_typescript())
    parser = Parser(language)
    content = text.encode()
    joined = _joined(content, parser, language)
    root = parser.parse(joined).root_node
    if (first := _first_error(root)) is not None:
        again = parser.parse(_written_over(joined)).root_node
        second = _first_error(again)
        # Of two errors the later one is the file's own.
        if second is None or second.start_byte > first.start_byte:
            root = again
    source = Source(root, content, file, typescript)
    source.refuse()
    return source


def _joined(content: bytes, parser: Parser, language: Language) -> bytes:
    """The text with line ends out of `export` and before `from`: the grammar ends a statement there."""
    content = _overwritten(content, _LINE_BEFORE_FROM, b" ")
    if not _LINE_END.search(content):
        return content
    alone = QueryCursor(Query(language, _ALONE)).captures(parser.parse(content).root_node)
    changed = bytearray(content)
    for node in alone.get("export", ()):
        if gap := _GAP.match(content, node.end_byte):
            changed[gap.start() : gap.end()] = b" " * len(gap[0])
    return bytes(changed)


def _written_over(content: bytes) -> bytes:
    for pattern, filler in _UNKNOWN:
        content = _overwritten(content, pattern, filler)
    return content


def _overwritten(content: bytes, pattern: re.Pattern[bytes], filler: bytes) -> bytes:
    changed = bytearray(content)
    for found in pattern.finditer(content):
        start, end = found.span("over")
        changed[start:end] = filler * (end - start)
    return bytes(changed)


def _first_error(root: Node) -> Node | None:
    node = root
    while node.has_error and not (node.is_error or node.is_missing):
        node = next(child for child in node.children if child.has_error or child.is_missing)
    return node if node.is_error or node.is_missing else None


def _left_open(error: Node) -> Node | None:
    """The last bracket that was opened in what couldn't be read, and not closed."""
    opened: list[Node] = []
    for child in error.children:
        if child.type in _PAIRS.values():
            opened.append(child)
        elif opened and _PAIRS.get(child.type) == opened[-1].type:
            opened.pop()
    return opened[-1] if opened else None


def child_of(node: Node, *types: str) -> Node | None:
    """The first child of one of these types."""
    return next((child for child in node.children if child.type in types), None)


def parts(node: Node) -> list[Node]:
    """The named children without the comments."""
    return [child for child in node.named_children if child.type != "comment"]


def has_word(node: Node, word: str) -> bool:
    """Whether that keyword or sign is among the node's own tokens."""
    return any(child.type == word and not child.is_named for child in node.children)


@dataclass(frozen=True)
class Specifier:
    """One of the names in the braces of an `import` or an `export`."""

    name: str
    """Where it comes from: a name of this file, or of the other one."""
    alias: str
    """Where it goes to."""
    quoted: bool = False
    """`name` is a string."""


_SPECIFIER_TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
    | (?P<comma>,) | (?P<string>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*') | (?P<word>[^\s,"'/]+)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:u\{(?P<point>[0-9a-fA-F]+)\}|u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|(?P<one>.))", re.DOTALL
)
_ONE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}
_MOST = 0x10FFFF


def specifiers(source: Source, clause: Node) -> Iterator[Specifier]:
    """The names in braces that are values, or may be: not those marked as types.

    Raises:
        ConfigError: A name that is no Unicode text.
    """
    words: list[str] = []
    for found in _SPECIFIER_TOKEN.finditer(source.text(clause)[1:-1] + ","):
        if found.lastgroup == "comma":
            yield from _specifier(source, clause, _without_type(words, typescript=source.typescript))
            words = []
        elif found.lastgroup is not None:
            words.append(found[0])


def _without_type(words: list[str], *, typescript: bool) -> list[str]:
    """The words of a specifier, none when `type` marks it: as in `type as` and `type as as x`, not in `type as x`."""
    if not typescript or words[:1] != ["type"]:
        return words
    match words[1:]:
        case [] | ["as", _]:
            return words
        case _:
            return []


def _specifier(source: Source, clause: Node, words: list[str]) -> Iterator[Specifier]:
    if words:
        try:
            yield Specifier(plain(words[0]), plain(words[-1]), quoted=words[0][0] in "\"'")
        except UnicodeDecodeError:
            problem = "a name in this list is no Unicode text: it has half of a surrogate pair"
            raise source.error(problem, clause, "write the character itself") from None


def plain(word: str) -> str:
    """What a name or a string means: without quotes, and with JavaScript's escapes read.

    Raises:
        UnicodeDecodeError: They leave half of a surrogate pair.
    """
    text = word[1:-1] if word[0] in "\"'" else word
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_character, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _character(found: re.Match[str]) -> str:
    if found["one"] is not None:
        return _ONE.get(found["one"], found["one"])
    return chr(min(int(found["point"] or found["unit"] or found["byte"], 16), _MOST))
