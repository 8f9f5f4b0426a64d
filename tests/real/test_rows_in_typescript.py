"""`rows.d.ts` under the TypeScript compiler, and whether what it promises is what D1 gives a JavaScript Worker."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from progy.emit.rows_typescript import declaration
from progy.schema.load import load
from tests.hostile_rows import HOSTILE
from tests.real.engine import NODE_FOLDER, node_executable
from tests.unit.handmade import MODELS
from tests.unit.test_guides import of_kind, write_models

if TYPE_CHECKING:
    from pathlib import Path

ACCEPTED = """
import type { Level, OddRow, PackageStatus, RegistryPackageInsert, UserInsert, UserRow, UserUpdate } from "./rows";
import type { AB2Row, EverythingRow } from "./hostile";

declare function all<Row>(query: string): Row[];

for (const user of all<UserRow>("SELECT * FROM users")) {
	const email: string = user.email;
	const metadata: string | null = user.metadata;
	const avatar: number[] | null = user.avatar;
	const verified: boolean = user.email_verified === 1;
	console.log(email, metadata, avatar ?? [verified], user.name_length + 1);
}
const user: UserInsert = { id: "1", email: "a@b.c", created_at: 0, email_verified: true, avatar: new Uint8Array(1) };
const copy: UserInsert = { ...user, avatar: [0, 255], metadata: null };
const changes: UserUpdate = { email: "b@c.d", avatar: new ArrayBuffer(1) };
const odd: OddRow = { id: 1, class: "c", "two words": 1.5, "dünn": "" };
const level: Level = 2;
const entry: RegistryPackageInsert = { id: "1", level };
const status: PackageStatus = "draft";
const everything = all<EverythingRow>("SELECT * FROM all")[0];
const words: number[] | undefined = everything?.["class"];
const twice: AB2Row = { id: 1 };
export default [copy, changes, odd, entry, status, words, twice, user];
"""

REFUSED = """
import type { Level, PackageStatus, UserInsert, UserRow, UserUpdate } from "./rows";

declare const user: UserRow;
user.emial; // error
const id: number = user.id; // error
const metadata: string = user.metadata; // error
const bytes: Uint8Array = user.avatar!; // error
const verified: boolean = user.email_verified; // error
const status: PackageStatus = "lost"; // error
const level: Level = 3; // error
const short: UserInsert = { id: "1" }; // error
const generated: UserInsert = { id: "1", email: "", created_at: 0, name_length: 3 }; // error
const missing: UserInsert = { id: "1", email: null, created_at: 0 }; // error
const unknown: UserUpdate = { emial: "" }; // error
const computed: UserUpdate = { name_length: 3 }; // error
export default [id, metadata, bytes, verified, status, level, short, generated, missing, unknown, computed];
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "rows.d.ts").write_text(declaration(MODELS), encoding="utf-8")
    (folder / "hostile.d.ts").write_text(declaration(HOSTILE), encoding="utf-8")
    (folder / "accepted.ts").write_text(ACCEPTED, encoding="utf-8")
    (folder / "refused.ts").write_text(REFUSED, encoding="utf-8")
    options = {"strict": True, "noEmit": True, "target": "es2022", "module": "esnext", "moduleResolution": "bundler"}
    settings = {"compilerOptions": {**options, "types": [], "exactOptionalPropertyTypes": True}}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    return folder


def compiled(node_modules: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(node_executable()), str(node_modules / "typescript" / "bin" / "tsc"), "-p", str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_guides_code_compiles(node_modules: Path, project: Path, tmp_path: Path) -> None:
    guide = "docs/bindings.md"
    write_models(tmp_path, of_kind("models", guide))
    (tmp_path / "rows.d.ts").write_text(declaration(load(tmp_path)), encoding="utf-8")
    shutil.copy(project / "tsconfig.json", tmp_path)
    (block,) = of_kind("typescript")
    used = "export default [results, order, changes];"
    (tmp_path / "code.ts").write_text(f"{DATABASE}{block.text}{used}\n", encoding="utf-8")
    done = compiled(node_modules, tmp_path)
    assert done.returncode == 0, done.stdout


DATABASE = """
type Statement = { bind(...values: unknown[]): Statement; all<Row>(): Promise<{ results: Row[] }> };
declare const env: { DB: { prepare(query: string): Statement } };
"""


def test_the_compiler_takes_what_is_right_and_refuses_what_is_wrong(node_modules: Path, project: Path) -> None:
    done = compiled(node_modules, project)
    found = re.findall(r"^([^(\n]+)\((\d+),\d+\): error", done.stdout, re.MULTILINE)
    marked = [number for number, line in enumerate(REFUSED.split("\n"), 1) if line.endswith("// error")]
    assert found == [("refused.ts", str(number)) for number in marked], done.stdout + done.stderr


def test_what_the_types_promise_is_what_d1_takes_and_gives(node_modules: Path) -> None:
    assert node_modules.is_dir()
    command = [str(node_executable()), "values.mjs"]
    done = subprocess.run(command, cwd=NODE_FOLDER, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {
        "array_buffer": ["blob", "array of number"],
        "view": ["blob", "array of number"],
        "numbers": ["blob", "array of number"],
        "true": ["real", "number"],
        "integer": ["real", "number"],
        "real": ["real", "number"],
        "text": ["text", "string"],
        "null": ["null", "null"],
    }
