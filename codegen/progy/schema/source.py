"""Where a class or an attribute stands in its file.

By the file's syntax, so that a class that couldn't be made is found too.
"""

from __future__ import annotations

import ast
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import ModuleType


class HidingField(NamedTuple):
    """A field with the name of its type, and a default, which is what the name then means in the class."""

    model: str
    name: str
    line: int
    module: str | None
    """The module that the type is imported from, None if it isn't imported by its own name."""


class Sources:
    """The project's Python files.

    Args:
        root: The project's root, absolute.
    """

    def __init__(self, root: Path) -> None:
        """Begin with no file read."""
        self.root = root
        self._read: dict[Path, tuple[ast.Module, str]] = {}
        self._classes: dict[tuple[str, str], ast.ClassDef | None] = {}

    def covers(self, file: str) -> bool:
        """Whether a file is the project's own: under its root, and neither a library's nor progy's."""
        path = Path(file)
        installed = {"site-packages", "dist-packages"} & set(path.parts)
        return path.is_relative_to(self.root) and not installed and not path.is_relative_to(_PROGY)

    def place(self, file: str, line: int) -> str:
        """A place as errors name it: `models/auth.py:41`."""
        return f"{self.relative(file)}:{line}"

    def relative(self, file: str) -> str:
        """The file relative to the root, with forward slashes; only its name if it lies elsewhere."""
        path = Path(file)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def of_module(self, module: ModuleType) -> str:
        """The module's file, relative to the root; after the module's name if it is a library's."""
        file = module.__file__
        if file is not None and self.covers(file):
            return self.relative(file)
        return module.__name__.replace(".", "/") + ("/" if file is None else ".py")

    def class_line(self, file: str, qualname: str, *, before: int | None = None) -> int:
        """The line of a class statement, 1 if there is none: a class may be made by a function.

        Args:
            file: The file, absolute.
            qualname: The class's qualified name.
            before: Of several of the name, take the last one above this line.
        """
        found = self._class(file, qualname, before)
        return found.lineno if found else 1

    def attribute_line(self, file: str, qualname: str, attribute: str) -> int:
        """The line of an attribute in a class body; the class's own if it is inherited."""
        if (file, qualname) not in self._classes:
            self._classes[file, qualname] = self._class(file, qualname)
        found = self._classes[file, qualname]
        return (_assignment(found.body, attribute) or found.lineno) if found else 1

    def variable_line(self, file: str, name: str) -> int | None:
        """The line where a module assigns a variable, None if it doesn't."""
        return _assignment(self.tree(file).body, name)

    def imports_annotations(self, file: str) -> bool:
        """Whether the file has `from __future__ import annotations`."""
        return any(
            isinstance(statement, ast.ImportFrom)
            and statement.module == "__future__"
            and any(alias.name == "annotations" for alias in statement.names)
            for statement in self.tree(file).body
        )

    def field_hiding_its_type(self, file: str, line: int) -> HidingField | None:
        """The field at a line, or the first one of the class at that line, whose default hides its own type.

        In `date: date | None = None`, Python looks the annotation up when the class's `date` is None already.
        """
        tree = self.tree(file)
        for model in ast.walk(tree):
            if not isinstance(model, ast.ClassDef):
                continue
            for field in model.body:
                if (
                    isinstance(field, ast.AnnAssign)
                    and line in {model.lineno, *_lines(field)}
                    and _hides_its_type(field)
                ):
                    name = ast.unparse(field.target)
                    return HidingField(model.name, name, field.lineno, _imported_from(tree, name))
        return None

    def _class(self, file: str, qualname: str, before: int | None = None) -> ast.ClassDef | None:
        body: list[ast.stmt] = self.tree(file).body
        found: ast.ClassDef | None = None
        for name in qualname.split("."):
            # Of several with the name, the last one is what the name means in the end.
            inner = [item for item in flat(body) if isinstance(item, ast.ClassDef) and item.name == name]
            if not inner:
                return None
            found = next((item for item in reversed(inner) if before is None or item.lineno < before), inner[-1])
            body = found.body
        return found

    def tree(self, file: str) -> ast.Module:
        """The file's syntax, empty if it can't be read or parsed."""
        return self._parsed(file)[0]

    def text(self, file: str) -> str:
        """The file's text, empty if it can't be read or parsed."""
        return self._parsed(file)[1]

    def _parsed(self, file: str) -> tuple[ast.Module, str]:
        path = Path(file)
        if path not in self._read:
            try:
                with tokenize.open(path) as source:
                    text = source.read()
                self._read[path] = ast.parse(text), text
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                # What can't be read or parsed: the import says why. Places in it are less exact then.
                self._read[path] = ast.Module(body=[], type_ignores=[]), ""
        return self._read[path]


_PROGY = Path(__file__).resolve().parents[1]


def flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, and those under `if` and `try`, which a module may choose between."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.If | ast.Try):
            handlers = statement.handlers if isinstance(statement, ast.Try) else []
            inner = [
                *statement.body,
                *(line for handler in handlers for line in handler.body),
                *statement.orelse,
            ]
            found += flat(inner)
    return found


def _assignment(body: list[ast.stmt], name: str) -> int | None:
    for statement in flat(body):
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return statement.lineno
    return None


def _lines(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _hides_its_type(field: ast.AnnAssign) -> bool:
    names = {node.id for node in ast.walk(field.annotation) if isinstance(node, ast.Name)}
    return field.value is not None and isinstance(field.target, ast.Name) and field.target.id in names


def _imported_from(tree: ast.Module, name: str) -> str | None:
    imported = (one for one in flat(tree.body) if isinstance(one, ast.ImportFrom) and one.level == 0)
    return next(
        (one.module for one in imported for alias in one.names if (alias.name, alias.asname) == (name, None)), None
    )
