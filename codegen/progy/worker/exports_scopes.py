"""Which names a piece of a file declares as values: esbuild's scopes, as far as exports need them.

Imported only together with the parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.worker.exports_syntax import child_of, has_word, parts, specifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from progy.worker.exports_syntax import Source

NAMESPACES = ("internal_module", "module")
TYPES = ("interface_declaration", "type_alias_declaration")
_NAMED = frozenset({
    "function_declaration",
    "generator_function_declaration",
    "class_declaration",
    "abstract_class_declaration",
    "enum_declaration",
})  # fmt: skip
_TRANSPARENT = frozenset({"export_statement", "ambient_declaration", "expression_statement"})
"""What a declaration may be wrapped in."""
_NESTED = frozenset({
    "statement_block", "if_statement", "else_clause", "for_statement", "for_in_statement", "while_statement",
    "do_statement", "try_statement", "catch_clause", "finally_clause", "switch_statement", "switch_body",
    "switch_case", "switch_default", "labeled_statement", "with_statement",
})  # fmt: skip
"""Statements that a `var` is hoisted out of."""
_GAP = rb"(?>\s++|//[^\n]*+|/\*.*?\*/)"
_TYPE_IMPORT = re.compile(
    rb"(?:export" + _GAP + rb"++)?import" + _GAP + rb"++type" + _GAP + rb"*+"
    rb"(?:[{*]|(?!from" + _GAP + rb"*+['\"])[^\s,='\"/])",
    re.DOTALL,
)
_TYPE_EXPORT = re.compile(rb"export" + _GAP + rb"++type" + _GAP + rb"*+[{*]", re.DOTALL)


def is_type_import(source: Source, statement: Node) -> bool:
    """Whether it is `import type …`; `import type from "x"` imports a value of that name."""
    return source.typescript and bool(_TYPE_IMPORT.match(source.content, statement.start_byte))


def is_type_export(source: Source, statement: Node) -> bool:
    """Whether it is `export type { … }` or `export type *`."""
    return source.typescript and bool(_TYPE_EXPORT.match(source.content, statement.start_byte))


def bound(source: Source, statement: Node) -> Iterator[str]:
    """The values that a statement declares in the block that it stands in."""
    match statement.type:
        case "lexical_declaration" | "variable_declaration":
            for name in _fields(statement.named_children, "name"):
                yield from pattern_names(source, name)
        case "internal_module" | "module":
            if is_instantiated(statement):
                yield from _namespace_name(source, statement)
        case "export_statement":
            for declaration in _fields([statement], "declaration"):
                yield from bound(source, declaration)
        case "import_statement" | "import_alias":
            yield from _imported(source, statement)
        case "expression_statement":
            yield from _expression(source, statement)
        case kind if kind in _NAMED:
            yield from (source.name(name) for name in _fields([statement], "name"))


def _fields(nodes: list[Node], field: str) -> list[Node]:
    return [child for node in nodes for child in node.children_by_field_name(field)]


def _namespace_name(source: Source, node: Node) -> Iterator[str]:
    """The name, of `a.b.c` the first part; a module in quotes has none."""
    name = node.child_by_field_name("name")
    while name is not None and name.type in {"nested_identifier", "member_expression"}:
        name = parts(name)[0]
    if name is not None and name.type == "identifier":
        yield source.name(name)


def _imported(source: Source, statement: Node) -> Iterator[str]:
    if is_type_import(source, statement):
        return
    if statement.type == "import_alias":
        yield source.name(parts(statement)[0])
        return
    clause = child_of(statement, "import_clause", "import_require_clause")
    for part in clause.named_children if clause else ():
        match part.type:
            case "identifier":
                yield source.name(part)
            case "namespace_import":
                yield source.name(parts(part)[-1])
            case "named_imports":
                yield from (specifier.alias for specifier in specifiers(source, part))


def _expression(source: Source, statement: Node) -> Iterator[str]:
    """`namespace N {}` and `using x = y` are expressions to the grammar."""
    inner = child_of(statement, *NAMESPACES)
    if inner is not None:
        yield from bound(source, inner)
        return
    node = next(iter(parts(statement)), statement)
    if node.type == "await_expression":
        node = parts(node)[-1]
    assignments = parts(node) if node.type == "sequence_expression" else [node]
    if has_word(assignments[0], "using"):
        for left in _fields(assignments, "left"):
            yield from pattern_names(source, left)


def pattern_names(source: Source, pattern: Node) -> Iterator[str]:
    """The names that a pattern binds, as in `{ a, b: [c = 1, ...d] }`."""
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        match node.type:
            case "identifier" | "type_identifier" | "shorthand_property_identifier_pattern":
                yield source.name(node)
            case "object_pattern" | "array_pattern" | "rest_pattern" | "formal_parameters":
                waiting += node.named_children
            case "pair_pattern" | "assignment_pattern" | "object_assignment_pattern":
                field = "value" if node.type == "pair_pattern" else "left"
                waiting += node.children_by_field_name(field)
            case "required_parameter" | "optional_parameter":
                waiting += node.children_by_field_name("pattern")


def hoisted(source: Source, body: Node) -> Iterator[str]:
    """The names of every `var` that belongs to a function's body or to the module."""
    waiting = list(body.named_children)
    while waiting:
        node = waiting.pop()
        if node.type == "variable_declaration":
            yield from bound(source, node)
        elif node.type in _NESTED:
            if node.type == "for_in_statement" and has_word(node, "var"):
                for left in node.children_by_field_name("left"):
                    yield from pattern_names(source, left)
            waiting += node.named_children


def is_instantiated(namespace: Node) -> bool:
    """Whether esbuild makes an object of a namespace: it holds more than types.

    An empty statement is enough for it, and so is `export declare const`; a name with dots always is.
    """
    waiting = [namespace]
    while waiting:
        node = waiting.pop()
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and name.type == "nested_identifier":
            return True
        for statement in body.named_children if body is not None else ():
            inner = child_of(statement, *NAMESPACES)
            if inner is not None and statement.type != "ambient_declaration":
                waiting.append(inner)
            elif _is_value(statement):
                return True
    return False


def _is_value(statement: Node) -> bool:
    if statement.type != "export_statement":
        return statement.type not in {*TYPES, "comment", "function_signature", "import_alias", "ambient_declaration"}
    declaration = statement.child_by_field_name("declaration")
    if declaration is None:
        return True
    if declaration.type == "ambient_declaration":
        return child_of(declaration, *TYPES, *NAMESPACES) is None
    return declaration.type not in {*TYPES, "function_signature"}


def type_names(source: Source) -> set[str]:
    """The module's own types, those of `declare global` among them, and its namespaces that are no objects."""
    found: set[str] = set()
    waiting = [source.root]
    while waiting:
        outer = waiting.pop()
        ambient = outer.type in {"ambient_declaration", "statement_block"}
        for node in outer.named_children:
            if node.type in _TRANSPARENT or (node.type == "statement_block" and ambient):
                waiting.append(node)
            elif node.type in TYPES:
                found.update(source.name(name) for name in node.children_by_field_name("name"))
            elif node.type in NAMESPACES and (ambient or not is_instantiated(node)):
                found.update(_namespace_name(source, node))
    return found
