"""What a binding's entry must hold, and what wrangler says when it doesn't.

The vocabulary of the table in `progy.worker.kinds`: most is a `Check` of one field; what takes more is a
function that gives sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from progy.worker.javascript import Json, stringify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Entry: TypeAlias = "Mapping[str, Json]"
Also: TypeAlias = "Callable[[str, Json], Iterator[str]]"
JsonType = Literal["string", "number", "boolean", "object"]

SHOULD = '"{path}" bindings should have a string "{field}" field but got {entry}.'
MUST = '"{path}" bindings must have a string "{field}" field but got {entry}.'
MUST_A = '"{path}" bindings must have a "{field}" field but got {entry}.'
MUST_AN = '"{path}" bindings must have an "{field}" field but got {entry}.'
MAY = '"{path}" bindings should, optionally, have a string "{field}" field but got {entry}.'
PLAIN = 'binding should have a string "{field}" field.'

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_BUCKET_RULE = (
    "Bucket names must begin and end with an alphanumeric character, only contain lowercase letters, numbers, and"
    " hyphens, and be between 3 and 63 characters long."
)
_WORKFLOW = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9-_]{0,63}")
_WORKFLOW_RULE = (
    "Workflow names must be 1-64 characters long, start with a letter, number, or underscore, and may only contain"
    " letters, numbers, underscores, or hyphens."
)
_PERIODS = (10, 60)
"""In seconds, what a rate limit may count over."""


def type_of(value: Json) -> str:
    """What JavaScript's `typeof` says."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            return "object"


def is_truthy(value: Json) -> bool:
    """Whether JavaScript takes it for true, as it does an empty object."""
    return bool(value) or isinstance(value, dict | list)


def fields_of(value: Json) -> dict[str, Json]:
    """An object's fields; what is no object, a list say, has none."""
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Check:
    """A field of an entry."""

    field: str
    words: str = SHOULD
    """What is said when it isn't so; `{path}`, `{field}` and `{entry}` are filled in."""
    type: JsonType = "string"
    optional: bool = False
    nonempty: bool = False

    def problem(self, path: str, entry: Json) -> str | None:
        """What wrangler says of the entry, or None when the field is as it should be."""
        fields = fields_of(entry)
        if self.field not in fields:
            right = self.optional
        else:
            value = fields[self.field]
            right = type_of(value) == self.type and not (self.nonempty and value == "")
        return None if right else self.words.format(path=path, field=self.field, entry=stringify(entry))


REMOTE = Check(
    "remote", '"{path}" should, optionally, have a boolean "{field}" field but got {entry}.', "boolean", optional=True
)


def may(field: str, words: str = MAY, type_: JsonType = "string", *, nonempty: bool = False) -> Check:
    """A field that may be left out."""
    return Check(field, words, type_, optional=True, nonempty=nonempty)


def buckets(path: str, entry: Json) -> Iterator[str]:
    """The names of R2 buckets; wrangler looks at them no longer once something is wrong with the entry."""
    fields = fields_of(entry)
    if not isinstance(fields.get("binding"), str) or fields.get("bucket_name") == "":
        return
    for name, between in (("bucket_name", "="), ("preview_bucket_name", "= ")):
        if name not in fields:
            continue
        value = fields[name]
        if isinstance(value, str) and _BUCKET.fullmatch(value):
            continue
        if isinstance(value, str):
            yield f"{path}.{name}{between}{stringify(value)} is invalid. {_BUCKET_RULE}"
        return


def local_bucket(path: str, entry: Json) -> Iterator[str]:
    """How a bucket is reached while developing."""
    fields = fields_of(entry)
    if "local_dev" in fields and (fields["local_dev"] is None or type_of(fields["local_dev"]) != "object"):
        yield (f'"{path}" bindings should, optionally, have an object "local_dev" field but got {stringify(entry)}.')


def destinations(path: str, entry: Json) -> Iterator[str]:
    """An email sender has one destination or a list."""
    fields = fields_of(entry)
    if "destination_address" in fields and "allowed_destination_addresses" in fields:
        yield (
            f'"{path}" bindings should have either a "destination_address" or "allowed_destination_addresses" field,'
            " but not both."
        )


def outbound(path: str, entry: Json) -> Iterator[str]:
    """The Worker that a dispatch namespace's outgoing requests go through."""
    fields = fields_of(entry)
    if "outbound" not in fields:
        return
    place, worker = f"{path}.outbound", {} if fields["outbound"] is None else fields["outbound"]
    problem = next(_outbound(place, worker), None)
    if problem:
        yield problem
        yield f'"{path}" has an invalid outbound definition.'


def _outbound(place: str, worker: Json) -> Iterator[str]:
    if type_of(worker) != "object":
        yield f'"{place}" should be an object, but got {stringify(worker)}'
        return
    fields = worker if isinstance(worker, dict) else {}
    if "service" not in fields:
        yield f'"{place}.service" is a required field.'
    for name in ("service", "environment"):
        if name in fields and not isinstance(fields[name], str):
            yield f'Expected "{place}.{name}" to be of type string but got {stringify(fields[name])}.'
    parameters = fields.get("parameters", [])
    if not isinstance(parameters, list):
        yield f'Expected "{place}.parameters" to be an array of strings but got {stringify(parameters)}'
    else:
        for index, item in enumerate(parameters):
            if not isinstance(item, str):
                yield f'Expected "{place}.parameters.[{index}]" to be of type string but got {stringify(item)}.'


def networks(path: str, entry: Json) -> Iterator[str]:
    """A VPC network is named by exactly one of two fields."""
    fields = fields_of(entry)
    there = [name for name in ("tunnel_id", "network_id") if name in fields]
    if len(there) != 1:
        both = ", but not both." if there else f" field but got {stringify(entry)}."
        yield f'"{path}" bindings must have either a "tunnel_id" or "network_id"{both}'
    elif not isinstance(fields[there[0]], str):
        yield MUST.format(path=path, field=there[0], entry=stringify(entry))


def streams(path: str, entry: Json) -> Iterator[str]:
    """A pipeline names its stream, or by an older name its pipeline."""
    fields = fields_of(entry)
    if not any(isinstance(fields.get(name), str) and fields[name] for name in ("stream", "pipeline")):
        yield MUST.format(path=path, field="stream", entry=stringify(entry))


def always_remote(path: str, entry: Json) -> Iterator[str]:
    """K2 has no local form."""
    if fields_of(entry).get("remote") is False:
        yield (
            f'"{path}" does not support `remote: false`. K2 bindings always access remote resources; omit "remote" or'
            " set `remote: true`."
        )


def limits(path: str, entry: Json) -> Iterator[str]:
    """How much a rate limit lets through in how long."""
    simple = fields_of(entry).get("simple")
    if not isinstance(simple, dict):
        yield f'"{path}" bindings must have a "simple" configuration object but got {stringify(entry)}.'
        return
    if type_of(simple.get("limit")) != "number":
        yield f'"{path}" bindings "simple.limit" must be a number but got {stringify(simple)}.'
    period = simple.get("period")
    if type_of(period) != "number":
        yield f'"{path}" bindings "simple.period" is required and must be a number but got {stringify(simple)}.'
    elif period not in _PERIODS:
        yield f'"{path}" bindings "simple.period" must be either 10 or 60 but got {stringify(period)}.'


def workflow_settings(path: str, entry: Json, kind: str = "bindings") -> Iterator[str]:
    """How a workflow runs, in a binding or in `exports`."""
    fields = fields_of(entry)
    if "schedules" in fields:
        yield from _schedules(f'"{path}" {kind}', fields["schedules"], entry)
    for name in ("limits", "default_retention", "concurrency"):
        if name in fields and not isinstance(fields[name], dict):
            yield f'"{path}" {kind} should, optionally, have an object "{name}" field but got {stringify(entry)}.'
    for name, key in (("limits", "steps"), ("concurrency", "limit")):
        value = fields_of(fields.get(name)).get(key, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield f'"{path}" {kind} "{name}.{key}" field must be a positive integer but got {stringify(value)}.'
    for key, value in fields_of(fields.get("default_retention")).items():
        positive = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if key in {"success_retention", "error_retention"} and not positive and not (isinstance(value, str) and value):
            yield (
                f'"{path}" {kind} "default_retention.{key}" field must be a positive integer of milliseconds or a'
                f' duration string such as "3 days", but got {stringify(value)}.'
            )
    if fields.get("jurisdiction", "eu") not in {"eu", "fedramp", "us"}:
        yield (
            f'"{path}" {kind} "jurisdiction" field must be one of "eu", "fedramp", or "us", but got'
            f" {stringify(fields['jurisdiction'])}."
        )


def _schedules(begin: str, value: Json, entry: Json) -> Iterator[str]:
    texts = value if isinstance(value, list) else [value]
    if value in ("", []):
        yield f'{begin} "schedules" field must not be an empty {"string" if value == "" else "array"}.'
    elif not all(isinstance(text, str) for text in texts):
        yield (
            f'{begin} should, optionally, have a string or array of strings "schedules" field but got'
            f" {stringify(entry)}."
        )
    elif "" in texts:
        yield f'{begin} "schedules" field must not contain empty strings.'


def local_plugin(path: str, entry: Json) -> Iterator[str]:
    """What stands in for a service while developing."""
    if "dev" not in fields_of(entry):
        return
    dev = fields_of(entry)["dev"]
    if not isinstance(dev, dict):
        yield f'"{path}" bindings should have an object "dev" field but got {stringify(dev)}.'
        return
    plugin = dev.get("plugin")
    if not isinstance(plugin, dict):
        got = stringify(plugin) if "plugin" in dev else "undefined"
        yield f'"{path}.dev" should have an object "plugin" field but got {got}.'
        return
    for name in ("package", "name"):
        if not isinstance(plugin.get(name), str):
            got = stringify(plugin[name]) if name in plugin else "undefined"
            yield f'"{path}.dev.plugin" should have a string "{name}" field but got {got}.'


def workflow_name(path: str, entry: Json) -> Iterator[str]:
    """The name of a workflow."""
    name = fields_of(entry).get("name")
    if isinstance(name, str) and not is_workflow_name(name):
        yield f'"{path}" binding "name" field is invalid. {_WORKFLOW_RULE}'


def exported_workflow_name(path: str, entry: Json) -> Iterator[str]:
    """The name of a workflow in `exports`."""
    name = fields_of(entry).get("name")
    if isinstance(name, str) and not is_workflow_name(name):
        yield f'"{path}.name" is invalid. {_WORKFLOW_RULE}'


def is_workflow_name(name: str) -> bool:
    """Whether Cloudflare takes it as a workflow's name."""
    return _WORKFLOW.fullmatch(name) is not None


def elsewhere(path: str, entry: Json) -> Iterator[str]:
    """A Durable Object of another environment is another script's."""
    fields = fields_of(entry)
    del path
    if "environment" in fields and "script_name" not in fields:
        yield 'binding should have a "script_name" field if "environment" is present.'
