"""What entry files export, as esbuild says when it is asked as wrangler asks it, and as `wrangler types` writes it."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from progy.worker.exports import Exports, exports_of
from tests.real.engine import NODE_FOLDER, node_executable
from tests.unit.test_worker_exports import ENTRIES, REFUSED, expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.real.engine import Wrangler


@pytest.fixture(scope="module", autouse=True)
def _esbuild(node_modules: Path) -> None:
    assert (node_modules / "esbuild").is_dir()


def written(folder: Path, entries: Sequence[tuple[str, str]]) -> list[Path]:
    """The entries as files: pairs of an ending and a text."""
    files = [folder / f"{number}{ending}" for number, (ending, _) in enumerate(entries)]
    for file, (_, text) in zip(files, entries, strict=True):
        file.write_bytes(text.encode())
    return files


def esbuild(files: Sequence[Path]) -> list[Exports | str]:
    """What wrangler makes of esbuild's answers; an error is its text."""
    done = subprocess.run(
        [str(node_executable()), "exports.mjs"],
        cwd=NODE_FOLDER,
        input=json.dumps([str(file) for file in files]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    return [answer if isinstance(answer, str) else guessed(*answer) for answer in json.loads(done.stdout)]


def guessed(names: list[str], listens: bool) -> Exports:  # noqa: FBT001 - a pair as it comes from JSON
    """wrangler's guess at the kind of Worker."""
    modules = "default" in names or (names and not listens)
    return Exports("modules" if modules else "service-worker", tuple(names))


def test_the_entries_of_the_unit_tests(tmp_path: Path) -> None:
    said = esbuild(written(tmp_path, [(ending, text) for ending, text, _ in ENTRIES]))

    assert len(said) > 60
    assert [
        (text, answer) for (_, text, names), answer in zip(ENTRIES, said, strict=True) if answer != expected(names)
    ] == []


def test_esbuild_refuses_what_is_refused(tmp_path: Path) -> None:
    said = esbuild(written(tmp_path, [(ending, text) for ending, text, *_ in REFUSED]))

    assert [answer for answer in said if not isinstance(answer, str)] == []


EXPORTS = [
    "export const {0} = 1, {0}b = () => {{}}",
    "export let {0}: Map<string, number[]>, {0}b = x as unknown",
    "export const {{ {0}, k: [{0}b, ...{0}c], d = {{}}.{0}, ...{0}e }} = y".replace("d =", "{0}d ="),
    "export function {0}(a?: string): void {{ var q{0}; }}",
    "export function {0}(): void\nexport function {0}(a?: 1) {{}}",
    "export async function* {0}<T>() {{ yield* [] }}",
    "export class {0}<T> extends DurableObject<Env> {{ #p = 1; static {{ var s }} async m() {{ return /}}/ }} }}",
    "export abstract class {0} {{ abstract m(): void }}",
    "@dec({{ a: 1 }}) export class {0} {{}}",
    "export enum {0} {{ A, B = 'export' }}",
    "export const enum {0} {{ A }}",
    "export namespace {0} {{ export const a = 1 }}",
    "export namespace {0} {{ export interface A {{}} type B = 1 }}",
    "export namespace {0}.M {{}}",
    "export type {0} = {{ a: 1 }} | `x${{string}}`",
    "export interface {0} {{ a(): void; [k: string]: any }}",
    "export declare const {0}: 1",
    "export declare class {0} {{}}",
    "export declare function {0}(): void",
    "export * from './{0}'",
    "export * as {0} from './{0}'",
    "export type * as {0} from './{0}'",
    "export {{ {0}, x as {0}b, type y as {0}c }} from './{0}'",
    "export type {{ {0} }} from './{0}'",
    "import {0}, {{ a as {0}b, type c as {0}c }} from './{0}'; export {{ {0}, {0}b, {0}c }}",
    "import type {{ {0} }} from './{0}'; export {{ {0} }}",
    "import * as {0} from './{0}'; export {{ {0} as '{0} b' }}",
    "export import {0} = a.b",
    "interface {0} {{}} export {{ {0} }}",
    "type {0} = 1; const {0} = 1; export {{ {0} as {0}b }}",
    "export {{ {0} }}; var {0} = 1",
    "for (var {0} of z) {{}} export {{ {0} }}",
    "{{ let {0} = 1 }} export {{ {0} }}",
    "declare let {0}: 1; export {{ {0} }}",
]
DEFAULTS = [
    "",
    "export default {{ fetch() {{}} }} satisfies ExportedHandler<Env>",
    "export default class {{}}",
    "export default class {0} {{}}",
    "export default abstract class {0} {{}}",
    "export default async function {0}() {{}}",
    "export default function {0}(): void",
    "export default interface {0} {{}}",
    "interface {0} {{}} export default {0}",
    "type {0} = 1; class {0}b {{}} export default ({0} as any)",
    "const {0} = 1; export {{ {0} as default }}",
    "export {{ default }} from './{0}'",
    "export default <T,>({0}: T) => {0}",
]
NOISE = [
    "// {1}",
    "/* {1}\n */",
    "const {0} = `{1} ${{ `${{ 1 }} {1}` }}`",
    "const {0} = \"{1}\", {0}b = '{1}'",
    "const {0} = /[/]{1}(?<a>)/u.test('/')",
    "function {0}() {{ const a = {{ export: `{1}`, default: 1 }}; return a / 2 /a.export }}",
    "const {0} = a < b, {0}b = f<T>(c), {0}c = d ? (e) : g => h",
    "class {0} {{ export = 1; default() {{ return `}}` }} }}",
    "if (a) {{ for (const export_ of []) {{ label: for (;;) break label }} }} else {{}}",
    "import './{0}'",
    "declare module '{0}' {{ export const a: 1 }}",
    "let {0}: import('./x').Y<typeof import('./z')>",
    "",
]
QUIET = re.compile(r"[^A-Za-z0-9 =.,]")
"""What could end a comment, a string or a regular expression."""


@st.composite
def modules(draw: st.DrawFn) -> str:
    """A TypeScript module: exports of every kind, and between them what only looks like it."""
    shapes = draw(st.lists(st.sampled_from(EXPORTS) | st.sampled_from(NOISE), max_size=8))
    shapes.insert(draw(st.integers(0, len(shapes))), draw(st.sampled_from(DEFAULTS)))
    noise = draw(st.sampled_from(EXPORTS))
    statements = [shape.format(f"n{number}", QUIET.sub("", noise)) for number, shape in enumerate(shapes)]
    end = draw(st.sampled_from([";\n", ";\r\n", "\n;\n", "; // export const no = 1\n"]))
    return "".join(statement + (end if not statement.startswith("//") else "\n") for statement in statements)


@given(st.lists(modules(), min_size=30, max_size=30))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_module(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = written(Path(folder), [(".ts", text) for text in texts])
        said = esbuild(files)
        assert [(text, answer) for text, answer in zip(texts, said, strict=True) if isinstance(answer, str)] == []
        for file, text, answer in zip(files, texts, said, strict=True):
            assert exports_of(file) == answer, text


CONFIGURATION = {
    "name": "rooms",
    "main": "index.ts",
    "compatibility_date": "2026-11-01",
    "durable_objects": {"bindings": [{"name": name, "class_name": name} for name in ("Room", "Typed", "Starred", "Twice", "Value")]},
    "services": [{"binding": "SELF", "service": "rooms"}, {"binding": "OTHER", "service": "rooms", "entrypoint": "Starred"}],
}  # fmt: skip
ENTRY = """
import type { Typed } from "./typed";
export * from "./starred";
export { Room as Twice } from "./room";
import { Value } from "./value";
export class Room {}
export { Typed, Value };
export default {};
"""


def types(wrangler: Wrangler, project: Path, entry: str) -> str:
    """What `wrangler types` writes for an entry file."""
    (project / "wrangler.json").write_text(json.dumps(CONFIGURATION))
    (project / "index.ts").write_text(entry)
    wrangler.run("types", "--include-runtime=false", cwd=project, check=True)
    return (project / "worker-configuration.d.ts").read_text()


def test_wrangler_types_sees_the_same(wrangler: Wrangler, tmp_path: Path) -> None:
    text = types(wrangler, tmp_path, ENTRY)

    found = exports_of(tmp_path / "index.ts")
    assert found == Exports("modules", ("Room", "Twice", "Value", "default"))
    assert re.findall(r'DurableObjectNamespace<import\("\./index"\)\.(\w+)>', text) == ["Room", "Twice", "Value"]
    assert re.findall(r"DurableObjectNamespace /\* (\w+) \*/", text) == ["Typed", "Starred"]
    assert re.findall(r"(?:SELF|OTHER): (.*);", text) == [
        'Service<typeof import("./index").default>',
        "Service /* entrypoint Starred from rooms */",
    ]


def test_wrangler_types_goes_on_without_an_entry_that_it_cannot_parse(wrangler: Wrangler, tmp_path: Path) -> None:
    text = types(wrangler, tmp_path, "export default {")

    assert "import(" not in text
    assert "Room: DurableObjectNamespace /* Room */;" in text
