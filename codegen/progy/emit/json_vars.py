"""The shape of variables that hold JSON: Protocols for the values, TypedDicts for what `to_py()` gives.

The TypedDicts are datamodel-code-generator's, from a JSON schema of the values.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.emit.python_text import docstring, quoted
from progy.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from progy.worker.javascript import Json

_RESERVED = frozenset({"Any", "Item_co", "Iterator", "JsArray", "Protocol", "Python", "Typed", "TypeVar"})
"""Names that the module has already; `Typed` because of `TypedDict`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value is.

    Args:
        attribute: The type as an attribute of a JavaScript value.
        python: The type after `to_py()`.
        schema: The JSON schema.
    """

    attribute: str
    python: str
    schema: str


_SCALARS = {
    type(None): Shape("Any", "Any", "{}"),
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

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """What Python reaches as an attribute, and its type."""
        found = [(attribute_name(key), shape.attribute) for key, shape in self.fields.items()]
        return [(name, type_) for name, type_ in found if name is not None]

    @property
    def hidden(self) -> list[str]:
        """The other keys, as they are, with their type."""
        return [
            f"{quoted(key)}: {shape.attribute}" for key, shape in self.fields.items() if attribute_name(key) is None
        ]


@dataclass(slots=True)
class JsonTypes:
    """Collects the types of one Worker's variables."""

    objects: list[ObjectType] = field(default_factory=list)
    """Those that another one uses come first."""
    arrays: bool = False
    _known: dict[str, Shape] = field(default_factory=dict)

    def of(self, variable: str, value: Json) -> Shape:
        """The shape of a variable's value, whose types are remembered."""
        return self._shape(value, pascal(variable), f"The variable `{variable}`.", variable)

    def _shape(self, value: Json, name: str, doc: str, path: str) -> Shape:
        match value:
            case list():
                return self._array(value, name, path)
            case dict():
                return self._object(value, name, doc, path)
            case _:
                return _SCALARS[type(value)]

    def _array(self, items: list[Json], name: str, path: str) -> Shape:
        self.arrays = True
        doc = f"An item of `{path}`."
        shapes = dict.fromkeys(self._shape(item, f"{name}Item", doc, f"{path}[]") for item in items)
        attribute = _union(shape.attribute for shape in shapes)
        python = _union(shape.python for shape in shapes)
        any_of = ",".join(shape.schema for shape in shapes)
        schema = f'{{"type":"array","items":{{"anyOf":[{any_of}]}}}}' if any_of else '{"type":"array"}'
        return Shape(f"JsArray[{attribute}, {python}]", f"list[{python}]", schema)

    def _object(self, items: dict[str, Json], name: str, doc: str, path: str) -> Shape:
        entries = [value for value in items.values() if isinstance(value, dict)]
        alike = len(entries) > 1 and len({_outline(entry) for entry in entries}) == 1
        fields: dict[str, Shape] = {}
        for key, value in items.items():
            if alike and isinstance(value, dict):
                child = (f"{name}Entry", f"An entry of `{path}`.", f"{path}.*")
            else:
                child = (f"{name}{pascal(key)}", f"`{path}.{key}`.", f"{path}.{key}")
            fields[key] = self._shape(value, *child)
        schema = json.dumps({key: shape.schema for key, shape in fields.items()})
        known = self._known.get(f"{name} {schema}")
        if known is None:
            unique = self._unique(name)
            self.objects.append(ObjectType(unique, docstring(doc), fields))
            known = Shape(unique, f"{unique}Dict", json.dumps({"$ref": f"#/$defs/{unique}Dict"}))
            self._known[f"{name} {schema}"] = known
        return known

    def _unique(self, name: str) -> str:
        taken = {known.name for known in self.objects} | _RESERVED
        candidate, number = name, 2
        while candidate in taken or f"{candidate}Dict" in taken or candidate.removesuffix("Dict") in taken:
            candidate, number = f"{name}{number}", number + 1
        return candidate

    def dicts(self) -> list[str]:
        """The TypedDicts' definitions, one text each.

        Raises:
            ConfigError: A key that can't be brought into Python.
        """
        if not self.objects:
            return []
        definitions = {f"{known.name}Dict": _schema(known) for known in self.objects}
        return _definitions(_generate({"$defs": definitions}), tuple(definitions))


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
    return key if plain and key != "to_py" and not key.startswith("__") else None


def _outline(value: Json) -> str:
    """Equal for values of the same shape."""
    match value:
        case dict():
            return "{" + ",".join(f"{key!r}:{_outline(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(dict.fromkeys(map(_outline, value))) + "]"
        case _:
            return type(value).__name__


def _union(types: Iterable[str]) -> str:
    unique = list(dict.fromkeys(types))
    return "Any" if not unique or "Any" in unique else " | ".join(unique)


def _schema(known: ObjectType) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {key: json.loads(shape.schema) for key, shape in known.fields.items()},
        "required": list(known.fields),
    }


def _generate(schema: Mapping[str, object]) -> str:
    # A quarter of a second, and only for variables that hold JSON.
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import PythonVersion

    text = generate(
        json.dumps(schema),
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


def _definitions(text: str, wanted: tuple[str, ...]) -> list[str]:
    """The TypedDicts among the generator's text: not its header, its imports or its type for the root."""
    found: dict[str, str] = {}
    for statement in ast.parse(text).body:
        match statement:
            case ast.ClassDef(name=name):
                found[name] = ast.unparse(statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[_, ast.Dict() as items])):
                found[name] = _functional(name, items)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ConfigError(f"a variable's JSON gives no Python type: {', '.join(missing)}")
    return [found[name] for name in wanted]


def _functional(name: str, items: ast.Dict) -> str:
    lines = [f'{name} = TypedDict(\n    "{name}",\n    {{']
    for key, value in zip(items.keys, items.values, strict=True):
        if isinstance(key, ast.Constant):
            type_ = str(value.value) if isinstance(value, ast.Constant) else ast.unparse(value)
            lines.append(f"        {quoted(str(key.value))}: {type_},")
    return "\n".join((*lines, "    },\n)"))
