"""The names that a parsed file exports. Imported only together with the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.worker.exports_scopes import NAMESPACES, TYPES, bound, is_type_export, is_type_import, type_names
from progy.worker.exports_syntax import child_of, has_word, parts, specifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from progy.worker.exports_syntax import Source

_MERGED = (*NAMESPACES, "enum_declaration")
"""Declarations that may share an exported name with another."""
_TYPESCRIPT_ONLY = frozenset({
    *TYPES, *NAMESPACES, "enum_declaration", "abstract_class_declaration", "ambient_declaration",
    "function_signature", "import_alias", "import_require_clause",
})  # fmt: skip
_WRAPPERS = frozenset({
    "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion"
})  # fmt: skip


def exported(source: Source) -> list[str]:
    """The names, in the file's order.

    Raises:
        ConfigError: A name is exported twice or, in JavaScript, isn't declared; or JavaScript holds TypeScript.
    """
    merged: dict[str, bool] = {}
    for statement in source.root.named_children:
        if not source.typescript:
            _refuse_typescript(source, statement)
        if statement.type != "export_statement":
            continue
        declaration = statement.child_by_field_name("declaration")
        mergeable = declaration is not None and declaration.type in _MERGED
        for name in _exported_by(source, statement, declaration):
            if name in merged and not (mergeable or merged[name]):
                raise source.error(f'"{name}" is exported twice', statement, "export it once")
            merged[name] = mergeable
    return list(merged)


def _refuse_typescript(source: Source, statement: Node) -> None:
    """What is nothing but a mistake in JavaScript, as far as statements show it."""
    if statement.type in {"export_statement", "import_statement"}:
        wrong = has_word(statement, "type") or has_word(statement, "=")
    else:
        wrong = statement.type in _TYPESCRIPT_ONLY
    if wrong or child_of(statement, *_TYPESCRIPT_ONLY) is not None:
        raise source.error(
            "this is TypeScript, in a file that is named as JavaScript", statement, 'let the name end with ".ts"'
        )


def _exported_by(source: Source, statement: Node, declaration: Node | None) -> Iterator[str]:
    if declaration is not None:
        yield from _declared(source, statement, declaration)
    elif (value := statement.child_by_field_name("value")) is not None:
        if not (source.typescript and _is_type(source, value)):
            yield "default"
    elif is_type_export(source, statement):
        return
    elif (clause := child_of(statement, "export_clause")) is not None:
        yield from _listed(source, statement, clause)
    elif (namespace := child_of(statement, "namespace_export")) is not None:
        yield source.name(parts(namespace)[-1])


def _declared(source: Source, statement: Node, declaration: Node) -> Iterator[str]:
    if not has_word(statement, "default"):
        if not (declaration.type == "import_alias" and is_type_import(source, statement)):
            yield from bound(source, declaration)
    elif declaration.type not in {*TYPES, "function_signature"}:
        yield "default"


def _listed(source: Source, statement: Node, clause: Node) -> Iterator[str]:
    """`export { … }`. What TypeScript doesn't declare is taken for a type; JavaScript has to declare it."""
    local = statement.child_by_field_name("source") is None
    for specifier in specifiers(source, clause):
        if local and specifier.quoted:
            raise source.error(
                f'"{specifier.name}" is no name of something in this file', clause, "leave out the quotes"
            )
        if not local or specifier.name in source.module_scope:
            yield specifier.alias
        elif not source.typescript:
            problem = f'"{specifier.name}" is exported, but not declared in this file'
            raise source.error(problem, clause, "declare or import it")


def _is_type(source: Source, value: Node) -> bool:
    """Whether `export default T` names one of the module's types, which is no value as well."""
    node = value
    while node.type in _WRAPPERS:
        node = parts(node)[-1 if node.type == "type_assertion" else 0]
    if node.type != "identifier":
        return False
    name = source.name(node)
    return name not in source.module_scope and name in type_names(source)
