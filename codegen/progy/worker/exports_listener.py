"""Whether a file listens to events as a service worker does. Imported only together with the parser.

wrangler lets esbuild replace the global `addEventListener`, alone and as a member of `self` or `globalThis`, and looks
whether anything was replaced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.worker.exports_scopes import bound, hoisted, pattern_names
from progy.worker.exports_syntax import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from progy.worker.exports_syntax import Source

_LISTENER = "addEventListener"
_PLACES = re.compile(rb"\baddEventListener\b")
_GLOBALS = frozenset({"self", "globalThis"})
_REFERENCES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_NO_CODE = frozenset({
    "import_statement", "import_alias", "export_specifier", "ambient_declaration", "function_signature",
    "interface_declaration", "type_alias_declaration", "type_annotation", "type_arguments", "type_parameters",
    "type_query", "function_type", "constructor_type", "object_type", "nested_type_identifier", "comment",
})  # fmt: skip
"""What is gone before anything runs."""
_PATTERNS = {
    "function_declaration": ("parameters",),
    "generator_function_declaration": ("parameters",),
    "method_definition": ("parameters",),
    "function_expression": ("name", "parameters"),
    "generator_function": ("name", "parameters"),
    "arrow_function": ("parameters", "parameter"),
    "class": ("name",),
    "class_declaration": ("name",),
    "catch_clause": ("parameter",),
    "for_in_statement": ("left",),
}
"""The fields of a node that bind names for all that is in it."""
_VAR_SCOPES = frozenset({
    "function_declaration", "generator_function_declaration", "method_definition", "function_expression",
    "generator_function", "arrow_function", "class_static_block",
})  # fmt: skip
_TAGS = frozenset({"jsx_opening_element", "jsx_closing_element", "jsx_self_closing_element"})
_WRAPPERS = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"})


def listens(source: Source) -> bool:
    """Whether the global `addEventListener` is used anywhere."""
    return any(
        node is not None and _is_listener(source, node)
        for found in _PLACES.finditer(source.content)
        for node in [source.root.named_descendant_for_byte_range(*found.span())]
    )


def _is_listener(source: Source, node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if node.type in _REFERENCES and parent.type not in _TAGS:
        return _is_global(source, node, _LISTENER)
    owner = parent.parent if node.type == "string_fragment" else parent
    if owner is None or owner.type not in {"member_expression", "subscript_expression"}:
        return False
    target = owner.child_by_field_name("object")
    while target is not None and target.type in _WRAPPERS | {"type_assertion"}:
        target = parts(target)[-1 if target.type == "type_assertion" else 0]
    if target is None or target == node or target.type != "identifier":
        return False
    name = source.name(target)
    return name in _GLOBALS and _is_global(source, target, name)


def _is_global(source: Source, node: Node, name: str) -> bool:
    """Whether a name is used where nothing around declares it."""
    around: Node | None = source.root
    while around is not None and around != node:
        if around.type in _NO_CODE or name in _declared(source, around):
            return False
        around = around.child_with_descendant(node)
    return True


def _declared(source: Source, node: Node) -> Iterator[str]:
    """What a node declares for all that is in it."""
    if node.type == "program":
        yield from source.module_scope
        return
    for field in () if _assigns(node) else _PATTERNS.get(node.type, ()):
        for pattern in node.children_by_field_name(field):
            yield from pattern_names(source, pattern)
    for body in node.children_by_field_name("body") if node.type in _VAR_SCOPES else ():
        yield from hoisted(source, body)
    for statement in _statements(node):
        yield from bound(source, statement)
    if node.type == "enum_body":
        for member in node.named_children:
            name = member.child_by_field_name("name") or member
            yield source.name(name)


def _assigns(node: Node) -> bool:
    """`for (a of b)` declares nothing."""
    return node.type == "for_in_statement" and node.child_by_field_name("kind") is None


def _statements(node: Node) -> list[Node]:
    """The statements whose declarations hold in a node."""
    match node.type:
        case "statement_block":
            return node.named_children
        case "switch_body":
            return [statement for case in node.named_children for statement in case.named_children]
        case "for_statement":
            return node.children_by_field_name("initializer")
        case _:
            return []
