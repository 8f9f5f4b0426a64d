"""What is wrong with models that can't be loaded, in a sentence with a place, from the exception they raised.

This module loads SQLModel and SQLAlchemy; only `progy.schema.load` imports it.
"""

from __future__ import annotations

import contextlib
import difflib
import enum
import importlib.util
import json
import re
import traceback
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ForwardRef, Literal, NamedTuple, get_origin

from pydantic.errors import PydanticUserError
from sqlalchemy import Column, exc
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.schema import DefaultClause
from sqlmodel import SQLModel

from progy import declare, hints
from progy.errors import ModelError
from progy.schema.describe import spelled, stored_values, without_none
from progy.schema.imports import file_of, mappers, search_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import FrameType, ModuleType

    from sqlalchemy.orm import registry
    from sqlalchemy.types import TypeEngine

    from progy.schema.source import Sources


RESERVED = "SQLAlchemy keeps the attribute `metadata` for itself"
RESERVED_HINT = 'call it another name, with sa_column_kwargs={"name": "metadata"} for the column'


class _Field(NamedTuple):
    """The field that SQLModel was making a column for."""

    model: str
    attribute: str
    annotation: Any


def no_module(dotted: str) -> ModelError:
    """The error for models that aren't where the configuration, or the default, says."""
    return ModelError(
        f"there is no module {dotted}",
        hint="`[tool.progy] models` in pyproject.toml names the package with your SQLModel classes, as imported from "
        "the project's root or from src in it; without it, that is `models`",
    )


def no_table(dotted: str, modules: Iterable[ModuleType], sources: Sources) -> ModelError:
    """The error for models that declare no table: the likeliest reason is a forgotten `table=True`."""
    modules = list(modules)
    bare = [
        (module, value)
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, SQLModel) and value.__module__ == module.__name__
    ]
    message, where, name = f"the models in {dotted} declare no table", sources.of_module(modules[0]), "User"
    if bare:
        module, model = bare[0]
        name = model.__name__
        others = f" and {len(bare) - 3} more" if len(bare) > 3 else ""  # noqa: PLR2004 - as many as a line takes
        message += f": table=True is missing in {', '.join(value.__name__ for _, value in bare[:3])}{others}"
        line = sources.class_line(str(module.__file__), model.__qualname__)
        where = f"{sources.of_module(module)}:{line}"
    return ModelError(message, where=where, hint=f"a table is a class like `class {name}(SQLModel, table=True):`")


@contextlib.contextmanager
def explained(dotted: str, sources: Sources, classes: registry) -> Iterator[None]:
    """Turn what the models raise, while they are imported or their relationships resolved, into the error to show.

    Args:
        dotted: The name of the models' package.
        sources: The project's files.
        classes: The registry in which the classes made so far are entered.

    Raises:
        ModelError: The models raised something, or called `sys.exit`.
    """
    try:
        yield
    except ModelError:
        raise
    except (Exception, SystemExit) as error:
        raise _explain(error, dotted, sources, classes) from error


def _explain(error: BaseException, dotted: str, sources: Sources, classes: registry) -> ModelError:
    place = _place(error, sources)
    if isinstance(error, ModuleNotFoundError) and _is_part(error.name, dotted) and place is None:
        return no_module(dotted)
    if isinstance(error, SyntaxError):
        return _explain_syntax(error, dotted, place, sources)
    if isinstance(error, OSError) and _is_of_import(error, place, sources):
        return ModelError(f"can't be read: {error.strerror}", where=sources.relative(error.filename))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    relationship = _relationship(frames)
    if relationship is not None:
        return _explain_relationship(error, relationship, sources, classes)
    if isinstance(error, TypeError | ValueError | PydanticUserError):
        hiding = _explain_hiding(error, sources)
        if hiding is not None:
            return hiding
    field = _field(frames)
    if field is not None:
        return _explain_field(error, field, frames, sources)
    return _explain_module(error, frames, dotted, sources, classes)


def _is_of_import(error: OSError, place: str | None, sources: Sources) -> bool:
    """Whether it is about a module, or a folder of modules; what a module itself reads is that module's business."""
    file = error.filename
    return isinstance(file, str) and sources.covers(file) and (place is None or file.endswith(".py"))


def _explain_syntax(error: SyntaxError, dotted: str, place: str | None, sources: Sources) -> ModelError:
    where = sources.place(error.filename, error.lineno or 1) if error.filename else place
    if not error.filename:
        # So Python reports a NUL byte, and only that.
        spoilt = next((file for file in _files(dotted, sources) if _has_null_byte(file)), None)
        where = sources.relative(str(spoilt)) if spoilt else place
    return ModelError(f"{type(error).__name__}: {error.msg}", where=where)


def _files(dotted: str, sources: Sources) -> Iterator[Path]:
    """The files of the models' topmost package, which needn't be importable."""
    for folder in search_path(sources.root, dotted):
        package = folder / _top(dotted)
        yield package.with_suffix(".py")
        yield from sorted(package.rglob("*.py"))


def _has_null_byte(file: Path) -> bool:
    try:
        return b"\0" in file.read_bytes()
    except OSError:
        return False


def _explain_hiding(error: BaseException, sources: Sources) -> ModelError | None:
    """The error for `date: date | None = None`, of which Python and pydantic say something else each time."""
    frame = _project_frame(error, sources)
    field = sources.field_hiding_its_type(frame.filename, frame.lineno or 1) if frame else None
    if frame is None or field is None:
        return None
    if field.module == "datetime":
        hint = f"`import datetime as dt`, and write `dt.{field.name}`"
    elif field.module is not None:
        hint = f"`import {field.module}`, and write `{field.module}.{field.name}`"
    else:
        hint = "call one of them another name"
    return ModelError(
        f"{field.model}.{field.name}: the field hides the type it is named like",
        where=sources.place(frame.filename, field.line),
        hint=hint,
    )


def _explain_module(
    error: BaseException, frames: list[FrameType], dotted: str, sources: Sources, classes: registry
) -> ModelError:
    where, message, hint = _place(error, sources) or _being_imported(frames, sources), _message(error), None
    model, default = _class_in_the_making(frames), _server_default(error, frames)
    if default is not None:
        message, hint = default
    elif frames and frames[-1].f_globals.get("__name__") in {declare.__name__, hints.__name__}:
        message = str(error)  # it is written for the user
    elif isinstance(error, SystemExit):
        message = "the models call sys.exit while they are imported"
    elif isinstance(error, ImportError | AttributeError) and "partially initialized module" in message:
        hint = (
            "the modules import each other: import under `if TYPE_CHECKING:` what only annotations need, and "
            'quote it, as in `list["User"]`'
        )
    elif isinstance(error, ModuleNotFoundError) and dotted.startswith(f"src.{_top(error.name)}."):
        hint = f'models = "{dotted.removeprefix("src.")}" in [tool.progy]: progy looks in src by itself'
    elif isinstance(error, ModuleNotFoundError) and not _is_part(_top(dotted), error.name or ""):
        hint = f"install what provides {error.name} beside progy, or mend the name"
    elif isinstance(error, exc.ArgumentError) and "could not assemble any primary key" in message:
        message = f"{model} has no primary key"
        hint = "id: int | None = Field(default=None, primary_key=True)"
    elif "Attribute name 'metadata' is reserved" in message:
        # So says SQLAlchemy before 2.1; after it, the loader finds the attribute.
        message, hint = f"{model}.metadata: {RESERVED}", RESERVED_HINT
    elif already := re.search(r"Table '(.+?)' is already defined", message):
        first = _first_declared(already[1], _project_frame(error, sources), sources, classes)
        message = f"the table {already[1]} is declared twice{first}"
        hint = "give one of them another __tablename__"
    return ModelError(message, where=where, hint=hint)


def _explain_field(error: BaseException, field: _Field, frames: list[FrameType], sources: Sources) -> ModelError:
    bare = without_none(field.annotation)
    message, hint = _message(error), None
    default = _server_default(error, frames)
    if isinstance(error, TypeError | ValueError):
        message, hint = f"SQLModel has no column type for {spelled(bare)}", _sa_type_for(bare)
    if default is not None:
        message, hint = default
    elif get_origin(bare) is Literal:
        message, hint = "a Literal needs a sa_type", "Field(sa_type=Text), from sqlalchemy"
    elif isinstance(bare, ForwardRef | str):
        name = bare if isinstance(bare, str) else bare.__forward_arg__
        message = f"the type {name} isn't known where the class is made"
        hint = "import or define it above the class; not under `if TYPE_CHECKING:`"
    where = _place(error, sources)
    if where is not None:
        frame = _project_frame(error, sources)
        line = sources.attribute_line(frame.filename, field.model, field.attribute) if frame else 1
        where = f"{where.rpartition(':')[0]}:{line}"
    return ModelError(f"{field.model}.{field.attribute}: {message}", where=where, hint=hint)


def _sa_type_for(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    plain = get_origin(annotation) or annotation
    if plain in {dict, list, tuple, set, Any} or hasattr(plain, "model_fields"):
        return "Field(sa_type=Json), from progy, stores it as JSON"
    return "Field(sa_type=...) with a type from sqlalchemy or progy"


def _explain_relationship(
    error: BaseException, relationship: RelationshipProperty[Any], sources: Sources, classes: registry
) -> ModelError:
    model: type = relationship.parent.class_
    message, hint = _message(error), None
    file = file_of(model)
    if re.search(r"[\[|]", str(relationship.argument)) and sources.imports_annotations(file):
        message = f"SQLModel can't read the relationship's annotation {relationship.argument!r}"
        hint = "remove `from __future__ import annotations` from the file: SQLModel needs the annotation itself"
    elif missing := re.search(r"failed to locate a name \([\"'](.+?)[\"']\)", message):
        message = f"no model is called {missing[1]}"
        known = sorted(mapper.class_.__name__ for mapper in mappers(classes))
        near = difflib.get_close_matches(missing[1], known, 1)
        hint = f"did you mean {near[0]}?" if near else None
    elif unanswered := re.search(r"Mapper 'Mapper\[(\w+)\(.*?\)\]' has no property '(\w+)'", message):
        message = f"{unanswered[1]} has no relationship {unanswered[2]} to go with it"
        hint = "back_populates names the attribute of the other class"
    elif isinstance(error, exc.NoForeignKeysError):
        message = "no foreign key links the two tables"
        hint = "give one of the two a Field(foreign_key=...)"
    elif isinstance(error, exc.AmbiguousForeignKeysError):
        message = "several foreign keys link the two tables"
        hint = 'Relationship(sa_relationship_kwargs={"foreign_keys": "[Child.parent_id]"}) says which one it is'
    line = sources.attribute_line(file, model.__qualname__, relationship.key)
    return ModelError(f"{model.__name__}.{relationship.key}: {message}", where=sources.place(file, line), hint=hint)


def _message(error: BaseException) -> str:
    """The exception as Python shows it, without the paragraphs that libraries add on where to read on."""
    text = str(error.args[0]) if isinstance(error, exc.SQLAlchemyError) and error.args else str(error)
    first = " ".join(text.strip().partition("\n\n")[0].split("\n", 1)[0].split())
    return f"{type(error).__name__}: {first.rstrip('.')}" if first else type(error).__name__


def _place(error: BaseException, sources: Sources) -> str | None:
    frame = _project_frame(error, sources)
    return sources.place(frame.filename, frame.lineno or 1) if frame else None


def _project_frame(error: BaseException, sources: Sources) -> traceback.FrameSummary | None:
    """The innermost frame in a file of the project."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if sources.covers(frame.filename)), None)


def _top(name: str | None) -> str:
    return (name or "").partition(".")[0]


def _is_part(name: str | None, dotted: str) -> bool:
    return name is not None and f"{dotted}.".startswith(f"{name}.")


def _relationship(frames: list[FrameType]) -> RelationshipProperty[Any] | None:
    """The relationship that SQLAlchemy was resolving, if it was."""
    for frame in reversed(frames):
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, RelationshipProperty):
            return candidate
    return None


def _field(frames: list[FrameType]) -> _Field | None:
    """The field that SQLModel was making a column for, if it was: from the variables of its loop."""
    names = [frame.f_code.co_name for frame in frames]
    if "get_column_from_field" not in names:
        return None
    loop = frames[names.index("get_column_from_field") - 1].f_locals
    model, attribute, field = loop.get("name"), loop.get("k"), loop.get("v")
    if not isinstance(model, str) or not isinstance(attribute, str):
        return None
    return _Field(model, attribute, getattr(field, "annotation", None))


def _being_imported(frames: list[FrameType], sources: Sources) -> str | None:
    """The file of the module that was being imported, for an error of Python's own: it can't parse the file, say."""
    names = (frame.f_locals.get("name") for frame in frames if frame.f_code.co_name == "import_module")
    name = next(names, None)
    spec = None
    if isinstance(name, str):
        with contextlib.suppress(Exception):  # it imports the package that the module is in, which may be what failed
            spec = importlib.util.find_spec(name)
    return sources.relative(spec.origin) if spec and spec.origin else None


def _server_default(error: BaseException, frames: list[FrameType]) -> tuple[str, str] | None:
    """Message and hint for a server default that SQLAlchemy doesn't take, if that is what was refused."""
    clause = next((frame for frame in reversed(frames) if isinstance(frame.f_locals.get("self"), DefaultClause)), None)
    if clause is None or not isinstance(error, exc.ArgumentError):
        return None
    value = clause.f_locals["arg"]
    owners = (frame.f_locals.get("self") for frame in frames)
    type_ = next((owner.type for owner in owners if isinstance(owner, Column)), None)
    text = _stored_text(value, type_)
    if text is None:
        kind = type(value).__name__
        return f"the server default is of type {kind}, and no string", "an expression is text(...), from sqlalchemy"
    shown = f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
    return f"the server default {shown} is no string", f"write it as text: {json.dumps(text, ensure_ascii=False)}"


def _stored_text(value: object, type_: TypeEngine[Any] | None) -> str | None:
    """What a column stores for a value, as the string that SQLAlchemy wants; None where it isn't plain."""
    if isinstance(value, enum.Enum):
        members = getattr(type_, "enum_class", None)
        stored = dict(zip(members, stored_values(type_), strict=True)) if type_ is not None and members else {}
        return str(stored.get(value, value.value))
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int | float | Decimal) else None


def _class_in_the_making(frames: list[FrameType]) -> str:
    """The class that SQLModel was making."""
    for frame in reversed(frames):
        if frame.f_globals.get("__name__") == "sqlmodel.main" and frame.f_code.co_name == "__init__":
            return str(frame.f_locals.get("classname", "the model"))
    return "the model"


def _first_declared(table: str, second: traceback.FrameSummary | None, sources: Sources, classes: registry) -> str:
    for mapper in mappers(classes):
        if getattr(mapper.local_table, "name", None) == table:
            model: type = mapper.class_
            file = file_of(model)
            before = second.lineno if second and second.filename == file else None
            where = sources.place(file, sources.class_line(file, model.__qualname__, before=before))
            return f", first by {model.__name__} in {where}"
    return ""
