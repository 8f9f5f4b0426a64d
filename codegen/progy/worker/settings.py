"""What wrangler refuses in a configuration besides bindings, refused in its words.

Those settings are checked that a Worker's types or databases depend on, or that wrangler's own types command is
stopped by; the rest it looks at again when it deploys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.worker.checks import Entry, fields_of, is_truthy, type_of
from progy.worker.javascript import Json, stringify
from progy.worker.report import path_of, string_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from progy.worker.report import Report

    Setting: TypeAlias = Callable[[Report, Entry, str | None], None]

_STRINGS = ("account_id", "jsx_factory", "jsx_fragment", "tsconfig", "main", "base_dir")
_BOOLEANS = (
    "workers_dev",
    "preview_urls",
    "find_additional_modules",
    "preserve_file_names",
    "no_bundle",
    "minify",
    "keep_names",
    "first_party_worker",
    "logpush",
    "upload_source_maps",
)
_NAME = re.compile(r"|[a-z0-9_][a-z0-9-_]*")
_ISO_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T.*)?)?)?")
_RULES = ("ESModule", "CommonJS", "CompiledWasm", "Text", "Data")
_ASSETS: Mapping[str, tuple[str, ...] | None] = {
    "directory": None,
    "binding": None,
    "html_handling": ("auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"),
    "not_found_handling": ("single-page-application", "404-page", "none"),
    "base_path": None,
}
_CONSUMER = {
    "type": "string",
    "max_batch_size": "number",
    "max_batch_timeout": "number",
    "max_retries": "number",
    "dead_letter_queue": "string",
    "max_concurrency": "number",
    "visibility_timeout_ms": "number",
    "retry_delay": "number",
}
_MOST_PORTS = 65535
_LEGACY_ENV = (
    'The "legacy_env" field is no longer supported, so please remove it from your configuration file.\n'
    "Service environments have been removed, and each environment is now deployed as its own Worker named"
    ' "<name>-<environment>". This matches the behaviour of "legacy_env = true", which was the default, so removing the'
    " field will not change how your Worker is deployed.\n"
    "Refer to https://developers.cloudflare.com/workers/wrangler/environments/ for more information."
)
_NODE_COMPAT = (
    'Removed: "node_compat":\n'
    'The "node_compat" field is no longer supported as of Wrangler v4. Instead, use the `nodejs_compat` compatibility'
    " flag. This includes the functionality from legacy `node_compat` polyfills and natively implemented Node.js APIs."
    " See https://developers.cloudflare.com/workers/runtime-apis/nodejs for more information."
)


def check(report: Report, key: str, section: Entry, env: str | None) -> None:
    """Say what is wrong with a setting that is there.

    Args:
        report: Where it is said.
        key: The setting.
        section: The level that has it.
        env: The environment; None for the top level.
    """
    if key in _STRINGS or key in _BOOLEANS:
        wanted = "string" if key in _STRINGS else "boolean"
        if type_of(section[key]) != wanted:
            report.errors.append(f'Expected "{key}" to be of type {wanted} but got {stringify(section[key])}.')
    else:
        _CHECKS[key](report, section, env)


def _legacy_env(report: Report, section: Entry, env: str | None) -> None:
    del section, env
    report.errors.append(_LEGACY_ENV)


def _node_compat(report: Report, section: Entry, env: str | None) -> None:
    del section, env
    report.errors.append(_NODE_COMPAT)


def _name(report: Report, section: Entry, env: str | None) -> None:
    del env
    name = section["name"]
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        report.errors.append(
            'Expected "name" to be of type string, alphanumeric and lowercase with dashes only but got'
            f" {stringify(name)}."
        )


def _flags(report: Report, section: Entry, env: str | None) -> None:
    del env
    flags = section["compatibility_flags"]
    if not (isinstance(flags, list) and all(isinstance(flag, str) for flag in flags)):
        report.errors.append(f'Expected "compatibility_flags" to be of type string array but got {stringify(flags)}.')


def _region(report: Report, section: Entry, env: str | None) -> None:
    del env
    region = section["compliance_region"]
    if region not in ("public", "fedramp_high"):
        report.errors.append(
            f'Expected "compliance_region" field to be one of ["public","fedramp_high"] but got {stringify(region)}.'
        )


def _date(report: Report, section: Entry, env: str | None) -> None:
    del env
    date = section["compatibility_date"]
    if not isinstance(date, str):
        report.errors.append(f'Expected "compatibility_date" to be of type string but got {stringify(date)}.')
        return
    if "–" in date or "—" in date:  # noqa: RUF001 - these are the dashes that wrangler looks for
        report.errors.append(
            '"compatibility_date" field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) or'  # noqa: RUF001 - wrangler's words
            " em-dashes (—)."
        )
    plain = re.sub("[–—]", "-", date)  # noqa: RUF001 - as above
    if not _ISO_DATE.fullmatch(plain) and not _other_date(plain):
        report.errors.append(
            f'"compatibility_date" field should be a valid ISO-8601 date (YYYY-MM-DD), but got {stringify(date)}.'
        )


def _other_date(text: str) -> bool:
    """Whether JavaScript might still read it: `Jan 2 2026`, `2026/1/2`, `2026-1-2`."""
    months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    numbers = re.fullmatch(r"\d{1,4}[-/ ](0?[1-9]|1[0-2])[-/ ](0?[1-9]|[12]\d|3[01])", text)
    return bool(numbers or re.fullmatch(rf"(?i).*\b({months})[a-z]*\b.*\d.*|.*\d.*\b({months})[a-z]*\b.*", text))


def _assets(report: Report, section: Entry, env: str | None) -> None:
    del env
    assets = section["assets"]
    if type_of(assets) != "object" or assets is None:
        report.errors.append(f'"assets" should be an object, but got value "assets" of type {type_of(assets)}')
        return
    fields = assets if isinstance(assets, dict) else {}
    for key, choices in _ASSETS.items():
        if key not in fields:
            continue
        value = fields[key]
        if not isinstance(value, str):
            report.errors.append(f'Expected "assets.{key}" to be of type string but got {stringify(value)}.')
        elif choices is not None and value not in choices:
            report.errors.append(
                f'Expected "assets.{key}" field to be one of {stringify(list(choices))} but got {stringify(value)}.'
            )


def _rules(report: Report, section: Entry, env: str | None) -> None:
    rules = section.get("rules")
    if not is_truthy(rules):
        return
    path = path_of("rules", env)
    if not isinstance(rules, list):
        report.errors.append(f'The field "{path}" should be an array but got {stringify(rules)}.')
        return
    for index, rule in enumerate(rules):
        place = f"{path}[{index}]"
        if not isinstance(rule, dict):
            report.errors.append(f'"{place}" should be an object but got {stringify(rule)}.')
            continue
        if rule.get("type") not in _RULES:
            report.errors.append(
                'bindings should have a string "type" field, which contains one of "ESModule", "CommonJS",'
                ' "CompiledWasm", "Text", or "Data".'
            )
        string_list(report, place, rule, "globs")
        if "fallthrough" in rule and not isinstance(rule["fallthrough"], bool):
            report.errors.append('the field "fallthrough", when present, should be a boolean.')


def _vars(report: Report, section: Entry, env: str | None) -> None:
    if not isinstance(section["vars"], dict | list):
        report.errors.append(
            f'The field "{path_of("vars", env)}" should be an object but got {stringify(section["vars"])}.\n'
        )


def _secrets(report: Report, section: Entry, env: str | None) -> None:
    secrets, path = section["secrets"], path_of("secrets", env)
    if not isinstance(secrets, dict):
        report.errors.append(f'The field "{path}" should be an object but got {stringify(secrets)}.')
    elif "required" in secrets:
        string_list(report, path, secrets, "required")


def _site(report: Report, section: Entry, env: str | None) -> None:
    del env
    site = fields_of(section["site"])
    if "bucket" not in site:
        report.errors.append('"site.bucket" is a required field.')
    elif not isinstance(site["bucket"], str):
        report.errors.append(f'Expected "site.bucket" to be of type string but got {stringify(site["bucket"])}.')
    if section.get("main") and site.get("entry-point"):
        report.errors.append(
            "Don't define both the `main` and `site.entry-point` fields in your configuration.\n"
            "They serve the same purpose: to point to the entry-point of your worker.\n"
            "Delete the deprecated `site.entry-point` field from your config."
        )


def _queue_consumers(report: Report, section: Entry, env: str | None) -> None:
    queues = fields_of(section.get("queues"))
    if "consumers" not in queues:
        return
    consumers, path = queues["consumers"], f"{path_of('queues', env)}.consumers"
    if not isinstance(consumers, list):
        report.errors.append(f'The field "{path}" should be an array but got {stringify(consumers)}.')
        return
    for index, one in enumerate(consumers):
        place, fields, whole = f"{path}[{index}]", fields_of(one), stringify(one)
        if one is None or type_of(one) != "object":
            report.errors.append(f'"{place}" should be a objects, but got {whole}')  # wrangler's words
            continue
        if not isinstance(fields.get("queue"), str):
            report.errors.append(f'"{place}" should have a string "queue" field but got {whole}.')
        if fields.get("type", "worker") != "worker":
            report.errors.append(
                f'"{place}.type" has an invalid value "{fields["type"]}". Only "worker" consumers can be configured in'
                " your Wrangler configuration."
            )
        report.errors += [
            f'"{place}" should, optionally, have a {wanted} "{key}" field but got {whole}.'
            for key, wanted in _CONSUMER.items()
            if key in fields and type_of(fields[key]) != wanted
        ]


def _blobs(key: str) -> Setting:
    def check_files(report: Report, section: Entry, env: str | None) -> None:
        del env
        for name, file in fields_of(section[key]).items():
            if not isinstance(file, str):
                report.errors.append(f"Expected \"{key}['{name}']\" to be of type string but got {stringify(file)}.")

    return check_files


def _defines(report: Report, section: Entry, env: str | None) -> None:
    define = section.get("define")
    for name, value in define.items() if isinstance(define, dict) else ():
        if not isinstance(value, str):
            report.errors.append(
                f'The field "{path_of("define", env)}.{name}" should be a string but got {stringify(value)}.'
            )


def _consumers(key: str) -> Setting:
    def check_services(report: Report, section: Entry, env: str | None) -> None:
        del env
        value = section[key]
        if is_truthy(value) and not isinstance(value, list):
            report.errors.append(f'Expected "{key}" to be an array but got {stringify(value)}.')
        elif isinstance(value, list):
            for index, one in enumerate(value):
                _service(report, key, f"{key}[{index}]", one)

    return check_services


def _service(report: Report, key: str, place: str, one: Json) -> None:
    fields = fields_of(one)
    if one is None or type_of(one) != "object" or (isinstance(one, list) and key != "tail_consumers"):
        report.errors.append(f'"{place}" should be an object but got {stringify(one)}.')
    elif "service" not in fields:
        report.errors.append(f'"{place}.service" is a required field.')
    elif not isinstance(fields["service"], str):
        report.errors.append(f'Expected "{place}.service" to be of type string but got {stringify(fields["service"])}.')


def _connect(report: Report, section: Entry, env: str | None) -> None:
    handlers, path = section["connect"], path_of("connect", env)
    if not isinstance(handlers, list):
        report.errors.append(f'The field "{path}" should be an array but got {stringify(handlers)}.')
        return
    for index, handler in enumerate(handlers):
        report.errors += _handler(f"{path}[{index}]", handler)
    first: dict[tuple[str, float], int] = {}
    for index, handler in enumerate(handlers):
        protocol, port = (handler.get("protocol"), handler.get("port")) if isinstance(handler, dict) else (None, None)
        if not isinstance(protocol, str) or not isinstance(port, int | float):
            continue
        before = first.setdefault((protocol, port), index)
        if before != index:
            report.errors.append(
                f'"{path}[{index}]" has the same "protocol" ({protocol}) and "port" ({stringify(port)}) as'
                f' "{path}[{before}]". Each entry in "connect" must use a unique protocol/port combination.'
            )


def _handler(place: str, entry: Json) -> Iterator[str]:
    if entry is None or type_of(entry) != "object":
        yield f'"{place}" should be an object, but got {stringify(entry)}'
        return
    handler, whole = fields_of(entry), stringify(entry)
    if handler.get("protocol") not in {"tcp", "udp"}:
        got = stringify(handler["protocol"]) if "protocol" in handler else whole
        yield f'"{place}" should have a "protocol" field of "tcp" or "udp" but got {got}.'
    port = handler.get("port")
    if type_of(port) != "number":
        yield f'"{place}" should have a number "port" field but got {whole}.'
    elif not isinstance(port, int) or not 1 <= port <= _MOST_PORTS:
        yield f'"{place}" should have an integer "port" field between 1 and 65535 but got {whole}.'
    if "address" in handler and not isinstance(handler["address"], str):
        yield f'"{place}" should, optionally, have a string "address" field but got {whole}.'


_CHECKS: Mapping[str, Setting] = {
    "legacy_env": _legacy_env,
    "node_compat": _node_compat,
    "compatibility_date": _date,
    "compatibility_flags": _flags,
    "rules": _rules,
    "name": _name,
    "assets": _assets,
    "vars": _vars,
    "secrets": _secrets,
    "define": _defines,
    "queues": _queue_consumers,
    "connect": _connect,
    "tail_consumers": _consumers("tail_consumers"),
    "streaming_tail_consumers": _consumers("streaming_tail_consumers"),
    "compliance_region": _region,
    "site": _site,
    "wasm_modules": _blobs("wasm_modules"),
    "text_blobs": _blobs("text_blobs"),
    "data_blobs": _blobs("data_blobs"),
}

KEYS = frozenset({*_STRINGS, *_BOOLEANS, *_CHECKS})
"""What `check` knows."""
