"""What an entry file exports: each file beside the answer, which `tests/real` asks esbuild for as well."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progy.errors import ConfigError
from progy.worker.exports import Exports, exports_of

# An ending, the file, its exports; a file without any, or with a listener and no default export, is a service worker.
ENTRIES: list[tuple[str, str, str]] = [
    # Workers as people write them.
    (".ts", "export default { async fetch() { return new Response() } } satisfies ExportedHandler<Env>;", "default"),
    (".ts", "import { DurableObject } from 'cloudflare:workers';\nexport class Room extends DurableObject<Env> {}\nexport default {} as ExportedHandler<Env>;", "Room default"),
    (".ts", "export { Room } from './room';\nexport { Flow as Order, type Params } from './flow';\nconst app = new Hono<{ Bindings: Env }>();\nexport default app;", "Order Room default"),
    (".js", "export * from './rooms';\nexport default { fetch() {} }", "default"),
    (".js", "export * as rooms from './rooms'; export * as 'more rooms' from './more'", "more rooms,rooms"),
    (".mjs", "export async function fetch() {} export const scheduled = async () => {}", "fetch scheduled"),
    (".jsx", "export default function App() { return <div className=\"a\">export const b = {1 < 2 ? '}' : `{`}, don't & won't</div> }", "default"),
    (".tsx", 'export const a = <A.B {...c} d="e">{<T,>(x: T) => x}</A.B>, b = 1 & 2', "a b"),
    (".js", "#!/usr/bin/env node\nexport const a = 1", "a"),
    (".js", "\ufeffexport const a = 1\r\nexport const b = 2\r\n", "a b"),
    ("", "export const a = 1", "a"),
    (".js", "addEventListener('fetch', (event) => {})", ""),
    (".cjs", "module.exports = { a: 1 }; exports.default = 2", ""),
    (".js", "", ""),
    (".ts", "import type { Env } from './env'; export {}", ""),
    (".ts", "const worker = {}; export = worker", ""),
    (".ts", "export as namespace Workers; export const a = 1", "a"),
    (".json", '{"default": 1}', ""),
    (".txt", "export default 1", ""),
    # Declarations.
    (".ts", "export let a: string, b!: number; export var c = <any>d", "a b c"),
    (".ts", "export const { a, b: [c, ...d], e = 1, f: { g = 2 }, ['h']: i, ...j } = o, [k,, l] = m", "a c d e g i j k l"),
    (".ts", "export function a() {} export function* b() {} export async function* c() {}", "a b c"),
    (".ts", "export function f(): void; export function f(a?: 1) {} export function g(): void", "f"),
    (".ts", "@dec export class A {} export @dec() class B {} export abstract class C { abstract d(): void; static accessor e = 1 }", "A B C"),
    (".ts", "export enum E { a } export const enum F { b } export declare enum G { c } export enum E { d = 2 }", "E F"),
    (".ts", "export type A = 1; export interface B {} export declare const c: 1; export declare class D {} export declare function e(): void", ""),
    (".ts", "export interface A {} export const A = 1; export type B = 2", "A"),
    (".ts", "export import a = b.c; export import d = require('e'); export import type F = b.G", "a d"),
    (".ts", "export class A<in out T, const U> { x: import('./x').Y<T> }", "A"),
    (".js", "export const \\u0061b = 1, \\u{63} = 2, ünï = 3, 変 = 4, $ = 5, _ = 6", "$ _ ab c ünï 変"),
    # Default exports.
    (".ts", "export default abstract class { abstract a(): void }", "default"),
    (".ts", "export default async function* f() {}", "default"),
    (".ts", "export default function f(): void", ""),
    (".ts", "export default function f(): void; export default function f(a?: 1) {}", "default"),
    (".ts", "export default interface A {}; export default class A {}", "default"),
    (".ts", "interface T {} export default (T as any)!", ""),
    (".ts", "interface T {} const T = 1; export default T", "default"),
    (".ts", "import type T from 'x'; export default T", "default"),
    (".ts", "declare namespace N { const a: 1 } export default N", ""),
    (".ts", "declare global { type T = 1 } export default T", ""),
    (".ts", "namespace N { export interface T {} } export default T", "default"),
    # Namespaces, which esbuild keeps when they hold more than types.
    (".ts", "export namespace N { export type T = 1; interface U {} namespace M { export type V = 2 } }", ""),
    (".ts", "export namespace N { export namespace M { const a = 1 } }", "N"),
    (".ts", "export namespace N { export interface A {}; }", "N"),
    (".ts", "export namespace N { export declare const a: 1 } export namespace M { declare const a: 1 }", "N"),
    (".ts", "export namespace N.M {} export module O { export const a = 1 } namespace P { 1 } export { P }", "N O P"),
    (".ts", "export class A {} export namespace A { export const b = 1 }", "A"),
    # Lists.
    (".ts", "export { a, b as c, nothing, d as default }; const a = 1; function d() {}", "a default"),
    (".ts", "import a, * as b from 'x'; import { c as d } from 'y'; export { a, b, d }", "a b d"),
    (".ts", "import type A from 'x'; import { type B, C } from 'y'; import type * as D from 'z'; export { A, B, C, D }", "C"),
    (".ts", "import A = B.C; import type D = B.E; import F = require('g'); export { A, D, F }", "A F"),
    (".ts", "export type { A } from 'a'; export type * from 'b'; export type * as C from 'c'; export { type D, E } from 'd'", "E"),
    (".ts", "export { type as as, type as foo, type type, type as, type a as b } from 'x'", "as foo"),
    (".ts", "export { type, type as b, type as as c } from 'x'", "b type"),
    (".ts", "import type from 'x'; import type, { a } from 'y'; export { type, a }", "a type"),
    (".js", "const a = 1; export { a as 'b c', a as 'd\\n', a as '\\u{1F600}', a as '\\uD83D\\uDE01', a as 'it\\'s' }", "b c,d\n,it's,😀,😁"),
    (".js", "export { 'x y' as default, 'q' as 'r', if as s, default as t } from 'z' with { type: 'json' }", "default r s t"),
    (".js", "if (1) { var a } for (var [b] of c) {} try {} catch (d) { var e } x: var f; export { a, b, e, f }", "a b e f"),
    (".ts", "{ let a; class B {} function c() {} } for (const d of e) {} const f = () => { var g }; export { a, B, c, d, f, g }", "f"),
    (".ts", "using a = b, c = d; await using e = f; import source g from 'h'; export { a, c, e, g }", "a c e g"),
    (".ts", "declare const a: 1; declare class B {} function c(): void; export { a, B, c }", ""),
    # What only looks like an export, and an export that doesn't look like one.
    (".js", "/* export const a = 1 */ // export const b = 1\nconst c = 'export const d = 1'; export { c }", "c"),
    (".js", "export const a = /export const b = 1;`'\"/, c = `${`export ${1}`} export const d`, e = f / g / h", "a c e"),
    (".ts", "export const x = { export: 1, default: 2 }, y = x.export, z = import('x').export", "x y z"),
    (".js", "export{a}from'x';export*as b from'y';export*from'z';export default 1", "a b default"),
    (".js", "// the export\nexport\n// type {\n{ a }; const a = 1\nexport\ndefault 1", "a default"),
    (".js", "export {\n  a, // one\n  b, /* two */\n}\nfrom 'x'", "a b"),
    (".ts", "declare\nexport const a = 1\ntype\nexport const b = 2", "a b"),
    (".ts", "declare module 'x' { export const a: 1 } declare global { export const b: 1 }", ""),
    # What the grammar doesn't know, or takes for something else.
    (".js", "const as = 1, using = abstract.a, b = using(c) ? as : 2; export { as as b, using }", "b using"),
    (".js", "let a = b?.5:1; ({ c: (/* d */ e), f: [(g)] } = h); export { a }", "a"),
    (".js", "export const a = () => {}\n[b, c].map(a)\nconst d = 1\nexport { d }\n/e/.test(f)", "a d"),
    (".tsx", "export const a = <b>this & that, isn't {`${import.meta.url}`}</b>\nexport const c = 1 & 2", "a c"),
    (".ts", "for (using a of b) {} for await (await using c of d) {} export const e = await import.source('f')", "e"),
    # Listening as a service worker does.
    (".js", "export const a = 1; function f() { self?.['addEventListener']('fetch') }", "listens: a"),
    (".ts", "export const a = 1; (globalThis as any).addEventListener('fetch')", "listens: a"),
    (".js", "export const a = 1; f({ addEventListener })", "listens: a"),
    (".js", "export const a = 1; export default {}; addEventListener('fetch')", "a default"),
    (".ts", "export const a = 1; addEventListener('fetch'); declare const addEventListener: any", "listens: a"),
    (".ts", "import { addEventListener } from 'x'; addEventListener('fetch'); export const a = 1", "a"),
    (".js", "export const a = 1; const { addEventListener } = self; addEventListener('fetch')", "a"),
    (".js", "export const a = 1; { let addEventListener } addEventListener('fetch')", "listens: a"),
    (".js", "export const a = 1; const f = ({ x: [addEventListener] }) => addEventListener('fetch')", "a"),
    (".js", "export const a = 1; function f(self) { if (b) { var g } self.addEventListener('fetch') }", "a"),
    (".js", "export const a = 1; try {} catch (addEventListener) { addEventListener(1) } for (const self of b) self.addEventListener()", "a"),
    (".js", "export const a = 1; for (addEventListener of b) {}", "listens: a"),
    (".js", "export const a = 1; switch (b) { case 1: let addEventListener; default: addEventListener() }", "a"),
    (".ts", "export const a = 1; enum E { addEventListener, b = addEventListener } class C { addEventListener = 1 }", "a"),
    (".ts", "export const a = 1; window.addEventListener('x'); let b: typeof addEventListener; b = 'addEventListener'", "a"),
    (".tsx", "export const a = <addEventListener addEventListener='1'/>", "a"),
    (".tsx", "export const a = <b>{addEventListener}</b>", "listens: a"),
]  # fmt: skip

# An ending, the file, where the error is, and what it says.
REFUSED: list[tuple[str, str, str, str]] = [
    (".ts", "export default {\n  fetch() {\n", "2:11", 'the entry file can\'t be parsed: "{" is never closed'),
    (".ts", "export const a = 1;\nexport const é = = 2", "2:16", "the entry file can't be parsed: unexpected ="),
    (".js", "export const a = 1\nexport { a as b", "2:8", 'the entry file can\'t be parsed: "{" is never closed'),
    (".js", "export const a = 1;\nexport { a }", "2:1", '"a" is exported twice'),
    (".ts", "export default 1;\r\nexport default 2", "2:1", '"default" is exported twice'),
    (".js", "function f() { var a }\nexport { a }", "2:8", '"a" is exported, but not declared in this file'),
    (".js", "const a = 1; export { 'a' }", "1:21", '"a" is no name of something in this file'),
    (".js", "const a = 1; export { a as '\\uD800' }", "1:21", "a name in this list is no Unicode text: it has half of a surrogate pair"),
    (".js", "export type A = 1", "1:1", "this is TypeScript, in a file that is named as JavaScript"),
    (".mjs", "export const a = 1\ninterface A {}", "2:1", "this is TypeScript, in a file that is named as JavaScript"),
    (".jsx", "import type A from 'x'", "1:1", "this is TypeScript, in a file that is named as JavaScript"),
]  # fmt: skip


def expected(said: str) -> Exports:
    """The answer that a line of the table means: names with spaces in them are parted by commas."""
    listens = said.startswith("listens: ")
    said = said.removeprefix("listens: ")
    names = tuple(said.split("," if "," in said else None))
    return Exports("service-worker" if listens or not names else "modules", names)


@pytest.mark.parametrize(("ending", "text", "names"), ENTRIES)
def test_exports(tmp_path: Path, ending: str, text: str, names: str) -> None:
    entry = tmp_path / f"index{ending}"
    entry.write_bytes(text.encode())

    assert exports_of(entry) == expected(names)


@pytest.mark.parametrize(("ending", "text", "place", "message"), REFUSED)
def test_what_is_refused(tmp_path: Path, ending: str, text: str, place: str, message: str) -> None:
    entry = tmp_path / f"index{ending}"
    entry.write_bytes(text.encode())

    with pytest.raises(ConfigError) as caught:
        exports_of(entry)

    assert (caught.value.where, caught.value.message) == (f"{entry}:{place}", message)
    assert caught.value.hint


def test_a_python_file_is_a_module_without_exports(tmp_path: Path) -> None:
    assert exports_of(tmp_path / "entry.py") == Exports("modules", ())


def test_files_that_are_no_entry(tmp_path: Path) -> None:
    for name in ("index.wasm", "index.html", "index.css", "index.TS"):
        with pytest.raises(ConfigError, match=f'a file that ends with "{name[5:]}" can\'t be an entry file'):
            exports_of(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the entry file can't be read: No such file or directory"):
        exports_of(tmp_path / "index.ts")


def test_what_is_not_utf8_is_replaced_as_in_esbuild(tmp_path: Path) -> None:
    entry = tmp_path / "index.js"
    entry.write_bytes(b"export const a = '\xff\xfe'; // \xc3\nexport const b = 2")

    assert exports_of(entry).names == ("a", "b")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{" * 50_000 + "}" * 50_000 + "export const a = 1", ("a",)),
        ("export default " + "(" * 50_000 + "a" + ")" * 50_000, ("default",)),
        ("export const " + "[{a:" * 10_000 + "b" + "}]" * 10_000 + " = c", ("b",)),
        ("export " + "namespace A { export " * 10_000 + "type T = 1" + "}" * 10_000, ()),
        ("export const a = " + "(() => " * 5_000 + "addEventListener()" + ")" * 5_000, ("a",)),
        ("const a = 1; export {" + ",".join(f"a as b{number:05}" for number in range(20_000)) + "}", tuple(f"b{number:05}" for number in range(20_000))),
    ],
    ids=["blocks", "parentheses", "patterns", "namespaces", "functions", "a long list"],
)  # fmt: skip
def test_deep_and_long_files(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    entry = tmp_path / "index.ts"
    entry.write_text(text)

    assert exports_of(entry).names == names


@pytest.mark.parametrize("piece", ["import ", "export {", "from '' ", "for (await using ", "< in ", "&", "}{)(]["])
def test_nonsense_is_refused_in_time(tmp_path: Path, piece: str) -> None:
    entry = tmp_path / "index.ts"
    entry.write_text(piece * 5_000)
    start = time.monotonic()

    with pytest.raises(ConfigError, match="can't be parsed"):
        exports_of(entry)

    assert time.monotonic() - start < 10


@given(st.sampled_from(ENTRIES), st.sampled_from(ENTRIES), st.data())
@settings(deadline=None, max_examples=300)
def test_any_text_gives_exports_or_an_error_with_its_place(
    one: tuple[str, str, str], other: tuple[str, str, str], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        entry = Path(folder) / f"index{one[0]}"
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(one[1])), st.integers(0, len(one[1])))))
        cut = data.draw(st.integers(0, len(other[1])))
        entry.write_bytes((one[1][:start] + other[1][cut:] + one[1][end:]).encode())
        try:
            found = exports_of(entry)
        except ConfigError as error:
            assert re.fullmatch(rf"{re.escape(str(entry))}:\d+:\d+", error.where or "")  # noqa: PT017 - often there is none
        else:
            assert list(found.names) == sorted(set(found.names))


def test_the_parser_is_imported_when_it_is_needed() -> None:
    program = (
        "import sys, pathlib; from progy.worker.exports import exports_of; "
        "exports_of(pathlib.Path('entry.py')); print('tree_sitter' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
