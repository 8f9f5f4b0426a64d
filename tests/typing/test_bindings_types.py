"""What type checkers make of generated bindings: code that must pass, and lines that must not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from progy.emit.python import bindings
from progy.schema.models import Model, Models
from progy.worker import config, secrets
from tests.unit.handmade import MODELS, column
from tests.unit.test_bindings import ENVIRONMENTS, EVERYTHING

ACCEPTED = """
from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, assert_type

from bindings import CloudflareBindings, Env, OddRow, PackageStatus, RegistryPackageRow, UserInsert, UserRow
from bindings.d1 import D1Meta, D1PreparedStatement, D1Result
from bindings.javascript import JsArray, JsBuffer, JsNull
from bindings.kv import KVKey, KVValue
from bindings.r2 import R2ListedObject, R2Object, R2ObjectBody, R2UploadedPart
from bindings.services import Response, ServiceResponse
from shop import Env as Shop, ProdEuEnv, StagingEnv, TopLevelEnv
from shop.javascript import JsNull as Null


async def rows(env: Env) -> None:
    users: D1Result[UserRow] = await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind("1").all()
    for row in users.results:
        assert_type(row["id"], str)
        assert_type(row["metadata"], str | None)
        assert_type(row["avatar"], list[int] | None)
    assert_type(users["results"], list[UserRow])
    assert_type(users.meta.changes, int)
    assert_type(users["meta"]["changed_db"], bool)
    assert_type(users.meta.get("served_by_colo"), str | None)
    assert_type(users.success, Literal[True])
    package: RegistryPackageRow | None = await env.DB.prepare("SELECT 1").first()
    if package is not None:
        assert_type(package["status"], PackageStatus)
    count: int = await env.DB.prepare("SELECT count(*) AS n FROM users").first("n")
    odd: OddRow = {"id": count, "class": "c", "two words": 1.5, "d\\u00fcnn": ""}
    print(odd["two words"])


async def writes(env: Env) -> None:
    new: UserInsert = {"id": "1", "email": "a@b.c", "created_at": 0, "avatar": b"png"}
    insert: D1PreparedStatement[UserRow] = env.DB.prepare("INSERT INTO users VALUES (?, ?)")
    bound = insert.bind(new["id"], None, 1, 1.5, True, b"", [1, 2])
    assert_type(await bound.first(), UserRow | None)
    assert_type((await bound.run()).results, list[UserRow])
    assert_type(await bound.raw({"columnNames": True}), list[list[Any]])
    assert_type((await env.DB.batch([bound, env.DB.prepare("SELECT 1")]))[0].meta, D1Meta)
    assert_type((await env.DB.exec("SELECT 1")).count, int)
    session = env.DB.withSession("first-primary")
    await session.batch([session.prepare("SELECT 1")])
    assert_type(session.getBookmark(), str | None)


async def kv(env: Env) -> None:
    await env.KV.put("key", "value", {"expirationTtl": 60, "metadata": {"by": "me"}})
    await env.KV.put("key", b"value")
    assert_type(await env.KV.get("key"), str | None)
    assert_type(await env.KV.get("key", {"cacheTtl": 60}), str | None)
    assert_type(await env.KV.get("key", "json"), Any)
    assert_type(await env.KV.get("key", {"type": "arrayBuffer"}), memoryview | None)
    assert_type(await env.KV.get(["a", "b"]), dict[str, str | None])
    assert_type(await env.KV.get(["a", "b"], "json"), dict[str, Any])
    found = await env.KV.getWithMetadata("key")
    assert_type(found, KVValue[str])
    assert_type((found.value, found["value"]), tuple[str | None, str | None])
    assert_type((await env.KV.getWithMetadata("key", "arrayBuffer")).value, memoryview | None)
    assert_type((await env.KV.getWithMetadata(["a"]))["a"], KVValue[str] | None)
    page = await env.KV.list({"prefix": "a", "cursor": None})
    assert_type(page["keys"], list[KVKey])
    assert_type([key.name for key in page["keys"]] + [key["name"] for key in page["keys"]], list[str])
    assert_type((page.get("cursor"), page["cursor"]), tuple[str | None, str])
    await env.KV.delete("key")


async def r2(env: Env) -> None:
    found = await env.R2.get("key", {"range": {"offset": 1, "length": 2}})
    assert_type(found, R2ObjectBody | None)
    if found is not None:
        assert_type(await found.text(), str)
        assert_type(await found.arrayBuffer(), memoryview)
        assert_type((found.size, found["size"]), tuple[int, int])
        assert_type(found.uploaded, datetime)
        assert_type(found.httpMetadata.contentType, str | None)
        assert_type(found.customMetadata["a"], str)
        assert_type(found.checksums.md5, memoryview | None)
    assert_type(await env.R2.head("key"), R2Object | None)
    changed = await env.R2.get("key", {"onlyIf": {"etagDoesNotMatch": "x", "uploadedAfter": datetime(2026, 1, 1)}})
    if changed is not None:
        assert_type(changed.etag, str)
    assert_type(await env.R2.put("key", b"", {"httpMetadata": {"contentType": "image/png"}}), R2Object)
    assert_type(await env.R2.put("key", None, {"onlyIf": {"etagMatches": "x"}, "md5": "00"}), R2Object | None)
    page = await env.R2.list({"include": ["httpMetadata"], "delimiter": "/"})
    assert_type(page.objects, list[R2ListedObject])
    assert_type((page.truncated, page["cursor"]), tuple[bool, str | None])
    upload = await env.R2.createMultipartUpload("key", {"customMetadata": {"a": "b"}})
    part = await env.R2.resumeMultipartUpload("key", upload.uploadId).uploadPart(1, b"x")
    assert_type(part, R2UploadedPart)
    assert_type(await upload.complete([part]), R2Object)
    await upload.complete([{"partNumber": 1, "etag": part["etag"]}])
    await env.R2.delete(["a", "b"])


async def platform(env: Env) -> None:
    sent = await env.QUEUE.send({"a": [None, 1]}, {"contentType": "json", "delaySeconds": 1})
    assert_type(sent.metadata["metrics"].backlogCount, int)
    await env.QUEUE.sendBatch([{"body": "a"}, {"body": b"", "contentType": "bytes"}])
    room = env.ROOM.get(env.ROOM.idFromName("lobby"), locationHint="weur")
    assert_type(await room.fetch("https://room/", method="POST", body="x"), ServiceResponse)
    assert_type(await room.join("me", {"role": "host"}), Any)
    assert_type(env.ROOM.newUniqueId(jurisdiction="eu").toString(), str)
    assert_type(await env.ROOM.getByName("lobby").leave(), Any)
    answer = await env.OTHER.fetch("https://other/", headers={"a": "b"})
    assert_type((answer.status, await answer.text(), await answer.json()), tuple[int, str, Any])
    assert_type(answer.headers["content-type"], str)
    assert_type(await env.OTHER.add(1, 2), Any)
    assert_type(await env.ASSETS.fetch("https://a/b.css"), ServiceResponse)
    assert_type(await env.MTLS.fetch("https://a/"), ServiceResponse)
    assert_type(await env.VPC.fetch("https://a/"), ServiceResponse)
    instance = await env.FLOW.create({"id": "1", "params": {"course": "rust"}})
    status = await instance.status()
    assert_type((status["status"] == "complete", status.output), tuple[bool, Any])
    await (await env.FLOW.create_batch([{"id": "2"}]))[0].send_event({"type": "go", "payload": 1})
    await (await env.FLOW.get("1")).terminate({"rollback": True})
    assert_type((await env.LIMIT.limit({"key": "a"})).success, bool)
    env.DATA.writeDataPoint({"blobs": ["a", None], "doubles": [1.5], "indexes": ["i"]})
    assert_type((env.HYPER.connectionString, env.HYPER.port), tuple[str, int])
    assert_type(await env.STORED.get(), str)
    assert_type(env.VERSION.timestamp, str)
    assert_type((await env.MAIL.send(object())).messageId, str)


async def intelligence(env: Env) -> None:
    assert_type(await env.AI.run("@cf/meta/llama", {"prompt": "hi"}, {"gateway": {"id": "g"}}), Any)
    assert_type(env.AI.aiGatewayLogId, str | None)
    near = await env.VECTORS.query([0.1, 0.2], {"topK": 3, "returnMetadata": "all", "filter": {"year": {"$gte": 1}}})
    assert_type([(match.id, match["score"]) for match in near.matches], list[tuple[str, float]])
    assert_type(near["matches"][0].get("values"), list[float] | None)
    assert_type((await env.VECTORS.upsert([{"id": "a", "values": [0.1]}])).mutationId, str)
    assert_type((await env.VECTORS.getByIds(["a"]))[0]["values"], list[float])
    assert_type((await env.VECTORS.describe()).vectorCount, int)
    image = await env.IMAGES.input(object()).transform({"width": 1, "fit": "cover"}).output({"format": "image/avif"})
    assert_type(image.contentType(), str)
    assert_type((await env.IMAGES.info(object())).get("width"), int | None)
    assert_type(await env.SEARCH.search(object()), Any)
    await (await env.MEMORY.getProfile("me")).recall("what")


async def others(env: Env) -> None:
    await env.PIPE.send(object())
    assert_type((await env.K2.send(object())).success, bool)
    assert_type(await env.DISPATCH.get("customer").fetch("https://a/"), Any)
    assert_type(await env.BROWSER.quickAction("screenshot", object()), Any)
    assert_type(await env.LOADER.load(object()).getEntrypoint().fetch("https://a/"), Any)
    assert_type((await env.SQL.query(query="SELECT 1")).data, JsArray[Any, list[Any]])
    assert_type(await env.MEDIA.input(object()).transform(width=1).output(mode="frame").contentType(), str)
    assert_type(env.STREAM.video("v").id, str)
    assert_type(await env.FLAGS.getBooleanValue("flag", False), bool)
    assert_type((await env.FLAGS.getStringDetails("flag", "a")).value, str)
    assert_type(await env.ARTIFACTS.delete("repo"), bool)
    assert_type((await env.HELLO.get()).value, str)
    assert_type(await env.SEARCHES.get("a").info(), Any)
    assert_type((await env.UNSAFE_LIMIT.limit({"key": "a"}))["success"], bool)
    assert_type(env.ODD, Any)
    assert_type(env.LOGFWDR_SCHEMA, Any)
    assert_type((env.TEXT, env.BLOB), tuple[str, JsBuffer])
    assert_type(env.BLOB.to_bytes(), bytes)


async def answer(env: Env) -> Response:
    return await env.ASSETS.fetch("https://a/")


def variables(env: Env) -> None:
    number: Literal[1] = env.number
    yes: Literal[True] = env.yes
    keyword: Literal["keyword"] = env.class_
    assert_type((env.half, env.big), tuple[float, float])
    assert_type(env.nothing, JsNull)
    assert_type(env.TOKEN, str)
    assert_type(env.KVNamespace, Literal["named like a type"])
    assert_type(env.str, Literal["so is this"])
    assert_type(env.property, Literal["and this"])
    assert_type(env.STRS.n + env.STRS.int, int)
    assert_type(env.STRS.str, str)
    for item in env.LIST:
        if not isinstance(item, int | str):
            assert_type(item.a, int)
    assert_type(len(env.LIST[1:]), int)
    assert_type(env.COURSES.rust.repo, str)
    assert_type(env.COURSES.to_py()["better-auth"]["repo"], str)
    assert_type(env.DEEP.one.x[0].y, JsNull)
    print(number, yes, keyword)


def every(env: Shop) -> str:
    url: Literal["https://dev", "https://staging", "https://prod"] = env.API
    assert_type(env.SHAPE.a, int | str)
    shape = env.SHAPE.to_py()
    assert_type(shape["a"], int | str)
    if "b" in shape:
        assert_type(shape["b"]["x"], str)
    return url


async def each(top: TopLevelEnv, staging: StagingEnv, prod: ProdEuEnv) -> None:
    every(top)
    every(staging)
    every(prod)
    await staging.CACHE.put("a", "b")
    await prod.CACHE.put("a", "b")
    await top.LOCAL.put("a", "b")
    await staging.DB.exec("SELECT 1")
    assert_type(staging.API, Literal["https://staging"])
    assert_type((staging.N, prod.N), tuple[float, Literal[1]])
    assert_type(prod.MIX, Null)


def same(env: CloudflareBindings) -> Env:
    return env
"""

# Beside each line what pyright calls the error; mypy has to find one, too, except where "pyright alone" stands.
REFUSED = """
from __future__ import annotations

import datetime

from bindings import Env, PackageStatus, UserInsert, UserRow
from bindings.d1 import D1Result
from shop import Env as Shop, StagingEnv

STATUS: PackageStatus = "lost"  # reportAssignmentType
SHORT: UserInsert = {"id": "1"}  # reportAssignmentType
GENERATED: UserInsert = {"id": "1", "email": "", "created_at": 0, "name_length": 3}  # reportAssignmentType


async def wrong(env: Env) -> None:
    env.NO_SUCH_BINDING  # reportAttributeAccessIssue
    env.DB.prepare("SELECT ?").bind(datetime.date(2026, 1, 1))  # reportArgumentType
    env.DB.prepare("SELECT ?").bind((1, 2))  # reportArgumentType
    env.DB.prepare(query="SELECT 1")  # reportCallIssue
    env.DB.prepar("SELECT 1")  # reportAttributeAccessIssue
    users: D1Result[UserRow] = await env.DB.prepare("SELECT * FROM users").all()
    users.results[0]["nothing"]  # reportGeneralTypeIssues
    users["rows"]  # reportCallIssue
    users.rows  # reportAttributeAccessIssue
    users.meta["chnages"]  # reportCallIssue
    number: int = users.results[0]["id"]  # reportAssignmentType
    await env.DB.batch((env.DB.prepare("SELECT 1"),))  # reportArgumentType
    text: str = await env.KV.get("key")  # reportAssignmentType
    await env.KV.put("key", 1)  # reportArgumentType
    await env.KV.put("key", "a", {"expirationTTL": 60})  # reportArgumentType
    await env.KV.get("key", "yaml")  # reportCallIssue
    await env.KV.get(("a", "b"))  # reportCallIssue
    (await env.KV.list())["names"]  # reportCallIssue
    found = await env.R2.get("key")
    found.size  # reportOptionalMemberAccess
    (await env.R2.list()).objects[0]["key"]  # reportIndexIssue
    await env.R2.put("key", 1)  # reportArgumentType
    await env.R2.put("key", "", {"contentType": "a"})  # reportCallIssue
    env.ROOM.get("lobby")  # reportArgumentType
    (await env.OTHER.fetch("https://a/")).statuscode  # reportAttributeAccessIssue
    env.ASSETS.join("me")  # reportAttributeAccessIssue
    env.OTHER.notify("u")  # reportUnusedCoroutine
    env.ROOM.getByName("lobby").join("me")  # reportUnusedCoroutine
    env.ASSETS.fetch("https://a/")  # reportUnusedCoroutine
    (await env.OTHER.fetch("https://a/")).text()  # reportUnusedCoroutine
    await env.QUEUE.send("a", {"delay": 1})  # reportArgumentType
    await env.FLOW.create({"name": "1"})  # reportArgumentType
    await env.FLOW.createBatch([])  # reportAttributeAccessIssue
    await env.LIMIT.limit({})  # reportArgumentType
    await env.VECTORS.query(["a"])  # reportArgumentType
    env.VERSION["id"]  # reportIndexIssue
    env.COURSES["rust"]  # reportIndexIssue
    env.COURSES.rust.nothing  # reportAttributeAccessIssue
    env.COURSES.to_py()["nothing"]  # reportGeneralTypeIssues
    same = env.KVNamespace == "something else"  # reportUnnecessaryComparison
    print(number, text, same)


async def only_in_some(env: Shop, staging: StagingEnv) -> None:
    env.CACHE  # reportAttributeAccessIssue
    staging.LOCAL  # reportAttributeAccessIssue
    env.API = "https://dev"  # reportAttributeAccessIssue
    elsewhere = staging.API == "https://prod"  # reportUnnecessaryComparison
    env.SHAPE.b  # reportAttributeAccessIssue
    env.SHAPE.to_py()["b"]  # reportTypedDictNotRequiredAccess, pyright alone
    print(elsewhere)
"""


ODD_NAMES = """{
  "d1_databases": [{"binding": "DB"}], "kv_namespaces": [{"binding": "KV"}], "services": [{"binding": "A", "service": "a"}],
  "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
  "queues": {"producers": [{"binding": "QUEUE", "queue": "q"}]},
  "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
  "vars": {
    "ROW": {"a": 1}, "ENV": {"a": 1}, "RESPONSE": {"a": 1}, "WORKFLOW_STATE": {"a": 1}, "QUEUE_MESSAGE": {"a": 1},
    "JURISDICTION": {"a": 1}, "SEAT": {"a": 1}, "EMPTY_KEY": {"": 1, "a": {"": 2}}
  }
}"""
ENUMERATIONS = ("Row", "D1Value", "D1Meta", "Response", "WorkflowState", "Fetcher", "Value_co", "SeatDict", "JsDict")


def named(name: str, number: int) -> Model:
    columns = (column("kind", annotation=name, values=("a", "b")), column("not a name", "int"))
    return Model(table=f"t{number}", name=f"T{number}", module="m", file="m.py", line=1, columns=columns)


ODDLY_NAMED = Models(tuple(named(name, number) for number, name in enumerate(ENUMERATIONS)), ddl=())


def emit(directory: Path, package: str, text: str, interface: str, models: Models | None = None) -> None:
    path = directory / f"{package}.json"
    path.write_text(text)
    workers = config.load_all(path)
    files = bindings(workers, secrets.names_of_each(workers), models, interface=interface)
    (directory / package).mkdir()
    for name, source in files.items():
        (directory / package / name).write_text(source, encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typing")
    emit(directory, "bindings", EVERYTHING, "CloudflareBindings", MODELS)
    emit(directory, "odd_names", ODD_NAMES, "Env", ODDLY_NAMED)
    emit(directory, "shop", ENVIRONMENTS, "Env")
    (directory / "accepted.py").write_text(ACCEPTED)
    (directory / "refused.py").write_text(REFUSED)
    settings = {"typeCheckingMode": "strict", "reportUnusedExpression": False}
    (directory / "pyrightconfig.json").write_text(json.dumps(settings))
    return directory


Found = dict[str, dict[int, set[str]]]
"""The errors' names, by file and line."""


def pyright(project: Path, python: str) -> Found:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonversion", python]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: Found = {}
    for diagnostic in json.loads(run.stdout)["generalDiagnostics"]:
        name = str(Path(diagnostic["file"]).relative_to(project.resolve()))
        line = diagnostic["range"]["start"]["line"] + 1
        found.setdefault(name, {}).setdefault(line, set()).add(diagnostic.get("rule", ""))
    return found


def mypy(project: Path, python: str) -> Found:
    command = [sys.executable, "-m", "mypy", "--strict", "--strict-equality", "--python-version", python, "."]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: Found = {}
    for match in re.finditer(r"^(\S+?):(\d+): error: .*\[([a-z-]+)\]$", run.stdout, re.MULTILINE):
        found.setdefault(match[1], {}).setdefault(int(match[2]), set()).add(match[3])
    return found


MARKED = {
    number: line.partition("  # ")[2] for number, line in enumerate(REFUSED.split("\n"), 1) if "  # report" in line
}


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_pyright_accepts_what_is_right_and_refuses_what_is_wrong(project: Path, python: str) -> None:
    found = pyright(project, python)
    assert {name: sorted(lines) for name, lines in found.items()} == {"refused.py": list(MARKED)}
    wrong = found["refused.py"]
    assert [number for number, mark in MARKED.items() if mark.partition(",")[0] not in wrong[number]] == []


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_mypy_accepts_what_is_right_and_refuses_what_is_wrong(project: Path, python: str) -> None:
    found = mypy(project, python)
    assert {name: sorted(lines) for name, lines in found.items()} == {
        "refused.py": [number for number, mark in MARKED.items() if not mark.endswith("pyright alone")]
    }


def test_the_package_imports_with_nothing_installed(project: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(project)!r}); import bindings, shop; print(shop.StagingEnv.__mro__[1])"
    )
    command = [sys.executable, "-I", "-S", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "<class 'shop.Env'>\n"
