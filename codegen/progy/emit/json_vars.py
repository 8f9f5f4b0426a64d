"""The shape of variables that hold JSON: Protocols for the values, TypedDicts for what `to_py()` gives.

A variable has one shape for all environments: what isn't in each of them is optional. The TypedDicts are
datamodel-code-generator's, from a JSON schema of the values.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from progy.emit.python_modules import reserved
from progy.emit.python_text import apart, docstring, names_in, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from progy.worker.javascript import Json

Generator: TypeAlias = "Callable[[str], str]"
"""What makes a module of TypedDicts of a JSON schema."""

OWN = frozenset(
    {"as_object_map", "as_py_json", "js_id", "object_entries", "object_keys", "object_values", "to_py", "typeof"}
)
"""What Pyodide answers itself when a JavaScript object is asked for it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value is.

    Args:
        attribute: The type as an attribute of a JavaScript value.
        python: The type after `to_py()`.
        schema: The JSON schema, as text.
    """

    attribute: str
    python: str
    schema: str


_SCALARS = {
    type(None): Shape("JsNull", "JsNull", '{"$ref":"#/$defs/JsNull"}'),
    bool: Shape("bool", "bool", '{"type":"boolean"}'),
    int: Shape("int", "int", '{"type":"integer"}'),
    float: Shape("float", "float", '{"type":"number"}'),
    str: Shape("str", "str", '{"type":"string"}'),
}


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object's Protocol, and its TypedDict, which is called the same with `Dict` at the end."""

    name: str
    docstring: str
    fields: Mapping[str, Shape]
    optional: frozenset[str] = frozenset()
    """The fields that aren't always there."""

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """What Python reaches as an attribute, and its type."""
        found = {
            name: shape.attribute
            for key, shape in self.fields.items()
            if (name := attribute_name(key)) is not None and key not in self.optional
        }
        return [(name, apart(type_, found)) for name, type_ in found.items()]

    @property
    def hidden(self) -> list[str]:
        """The keys that are no attribute names, with their types."""
        return self._comments(lambda key: attribute_name(key) is None and key not in self.optional)

    @property
    def rare(self) -> list[str]:
        """The optional keys, with their types."""
        return self._comments(self.optional.__contains__)

    def _comments(self, wanted: Callable[[str], bool]) -> list[str]:
        return [f"{quoted(key)}: {shape.attribute}" for key, shape in self.fields.items() if wanted(key)]


@dataclass(slots=True)
class JsonTypes:
    """Collects the types of a Worker's variables.

    Args:
        classes: The names of the Protocols for `env`, which no type may have.
    """

    classes: frozenset[str] = frozenset()
    objects: list[ObjectType] = field(default_factory=list)
    """Those that another one uses come first."""
    _keys: set[str] = field(default_factory=set)
    """Names that objects have for their fields: a class called the same would be hidden by it."""

    def of(self, variable: str, values: Sequence[Json]) -> Shape:
        """The shape of a variable from the values that it has, one or more; its types are remembered."""
        self._keys.update(_keys(values))
        return self._shape(values, pascal(variable), f"The variable `{variable}`.", variable)

    def _shape(self, values: Sequence[Json], name: str, doc: str, path: str) -> Shape:
        """One shape for all the values."""
        shapes: list[Shape] = []
        for kind in dict.fromkeys(map(type, values)):
            if kind is list:
                shapes.append(
                    self._array([item for value in values if isinstance(value, list) for item in value], name, path)
                )
            elif kind is dict:
                shapes.append(self._object([value for value in values if isinstance(value, dict)], name, doc, path))
            else:
                shapes.append(_SCALARS[kind])
        return shapes[0] if len(shapes) == 1 else _either(shapes)

    def _array(self, items: Sequence[Json], name: str, path: str) -> Shape:
        if not items:
            return Shape("JsArray[Any, list[Any]]", "list[Any]", '{"type":"array"}')
        item = self._shape(items, f"{name}Item", f"An item of `{path}`.", f"{path}[]")
        python = f"list[{item.python}]"
        return Shape(f"JsArray[{item.attribute}, {python}]", python, f'{{"type":"array","items":{item.schema}}}')

    def _object(self, objects: Sequence[dict[str, Json]], name: str, doc: str, path: str) -> Shape:
        values: dict[str, list[Json]] = {}
        for each in objects:
            for key, value in each.items():
                values.setdefault(key, []).append(value)
        fields = self._entries(values, name, path) or {
            key: self._shape(found, f"{name}{pascal(key)}", f"`{path}.{key}`.", f"{path}.{key}")
            for key, found in values.items()
        }
        optional = frozenset(key for key, found in values.items() if len(found) < len(objects))
        unique = self._unique(name)
        self.objects.append(ObjectType(unique, docstring(doc), fields, optional))
        return Shape(unique, f"{unique}Dict", json.dumps({"$ref": f"#/$defs/{unique}Dict"}))

    def _entries(self, values: Mapping[str, list[Json]], name: str, path: str) -> dict[str, Shape] | None:
        """The fields of an object that maps names to objects of one shape, which then have one type; else None."""
        if len(values) < 2 or len({_outline(found) for found in values.values()}) > 1:  # noqa: PLR2004 - one is no pattern
            return None
        together = [value for found in values.values() for value in found]
        if not all(isinstance(value, dict) for value in together):
            return None
        entry = self._shape(together, f"{name}Entry", f"An entry of `{path}`.", f"{path}.*")
        return dict.fromkeys(values, entry)

    def _unique(self, name: str) -> str:
        taken = {known.name for known in self.objects} | reserved() | self.classes | self._keys
        candidate, number = name, 2
        while candidate in taken or f"{candidate}Dict" in taken or candidate.removesuffix("Dict") in taken:
            candidate, number = f"{name}{number}", number + 1
        return candidate

    def dicts(self, generate: Generator) -> list[str]:
        """The TypedDicts' definitions, one text each.

        Args:
            generate: What makes them: `typed_dicts`, or something that has kept what that gave.
        """
        if not self.objects:
            return []
        definitions = {f"{known.name}Dict": _schema(known) for known in self.objects}
        text = generate(json.dumps({"$defs": {**definitions, "JsNull": {"type": "object", "properties": {}}}}))
        types = _field_types(text)
        return [_typed_dict(known, types[f"{known.name}Dict"]) for known in self.objects]


def typed_dicts(schema: str) -> str:
    """A module with a TypedDict for each of the schema's `$defs`: datamodel-code-generator's, unformatted.

    It takes a third of a second, so whoever runs often keeps what it gave: the text depends on the schema and on the
    generator's version alone.
    """
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import PythonVersion

    text = generate(
        schema,
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.TypingTypedDict,
        target_python_version=PythonVersion.PY_311,
        use_standard_collections=True,
        use_union_operator=True,
        formatters=[],
    )
    if not isinstance(text, str):
        raise TypeError("datamodel-code-generator gave no text")
    return text


def pascal(name: str) -> str:
    """`better-auth` and `BETTER_AUTH` as a class's name: `BetterAuth`."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[0].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in words)
    return joined if joined.isidentifier() and not keyword.iskeyword(joined) else f"Var{joined}"


def attribute_name(key: str) -> str | None:
    """How Python reaches a JavaScript property, or None: Pyodide takes `class_` for `class`."""
    if keyword.iskeyword(key.rstrip("_")):
        return f"{key}_"
    plain = key.isidentifier() and unicodedata.normalize("NFKC", key) == key
    return key if plain and key not in OWN and not key.startswith("__") else None


def _keys(values: Iterable[Json]) -> set[str]:
    """All keys in the values, however deep."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, dict):
            found |= {*value, *_keys(value.values())}
        elif isinstance(value, list):
            found |= _keys(value)
    return found


def _either(shapes: Sequence[Shape]) -> Shape:
    schema = f'{{"anyOf":[{",".join(shape.schema for shape in shapes)}]}}'
    return Shape(union(shape.attribute for shape in shapes), union(shape.python for shape in shapes), schema)


def union(types: Iterable[str]) -> str:
    """A type that is one of the types."""
    unique = list(dict.fromkeys(types))
    return "Any" if "Any" in unique else " | ".join(unique)


def _outline(values: Iterable[Json]) -> str:
    """Equal for values of the same shape."""
    kinds: set[str] = set()
    for value in values:
        match value:
            case dict():
                kinds.add("{" + ",".join(f"{key!r}:{_outline([item])}" for key, item in sorted(value.items())) + "}")
            case list():
                kinds.add(f"[{_outline(value)}]")
            case _:
                kinds.add(type(value).__name__)
    return "|".join(sorted(kinds))


def _schema(known: ObjectType) -> dict[str, object]:
    """The schema of an object. Its fields have numbers for names: keys can be anything."""
    numbers = {key: f"f{number}" for number, key in enumerate(known.fields)}
    return {
        "type": "object",
        "properties": {numbers[key]: json.loads(shape.schema) for key, shape in known.fields.items()},
        "required": [number for key, number in numbers.items() if key not in known.optional],
    }


def _field_types(text: str) -> dict[str, list[str]]:
    """The types of the fields of each class in the generator's text."""
    return {
        statement.name: [ast.unparse(field.annotation) for field in statement.body if isinstance(field, ast.AnnAssign)]
        for statement in ast.parse(text).body
        if isinstance(statement, ast.ClassDef)
    }


def _typed_dict(known: ObjectType, types: Sequence[str]) -> str:
    name = f"{known.name}Dict"
    # JavaScript has an empty key, and pyright no TypedDict's.
    fields = [(key, type_) for key, type_ in zip(known.fields, types, strict=True) if key]
    # In a class, `str: str` would hide the type from the next field.
    hiding = {used for type_ in types for used in names_in(type_)}
    if all(attribute_name(key) == key and key.isascii() and key not in hiding for key, _ in fields):
        body = [f"    {key}: {type_}" for key, type_ in fields] or ["    pass"]
        return "\n".join((f"class {name}(TypedDict):", *body))
    lines = [f'{name} = TypedDict(\n    "{name}",\n    {{']
    lines += [f"        {quoted(key)}: {type_}," for key, type_ in fields]
    return "\n".join((*lines, "    },\n)"))
