"""Played in Pyodide: every method that the generated bindings promise, called on what workerd really has.

`bindings` is the package that progy generated for the test's project, not Progy's own.
"""

from __future__ import annotations

import struct
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tests.real.pyodide_side.promises import Notes, Seen, Value, fields, mismatches

if TYPE_CHECKING:
    from collections.abc import Callable

js: Any = import_module("js")
to_js: Any = import_module("pyodide.ffi").to_js
bindings: Any = import_module("bindings")
rows: Any = import_module("bindings.rows")


async def play(env: Value, given: Value) -> dict[str, Any]:
    """Play everything.

    Args:
        env: What the SDK gives a Worker.
        given: The statements of the schema, and the rows to insert.
    """
    notes = Notes()
    seen = Seen(env, bindings.Env, "env", notes)
    stored = await the_rows(seen, notes, given)
    for part in (d1, kv, r2, queue, durable_objects, services, workflows, images, others):
        await part(seen)
    return {
        "wrong": list(dict.fromkeys(notes.wrong)),
        "untried": notes.untried(),
        "stored": stored,
        "facts": {name: await fact(ask, env) for name, ask in FACTS.items()},
    }


async def the_rows(env: Seen, notes: Notes, given: Value) -> list[dict[str, Any]]:
    """Make the table, insert rows of every column type, and look at what comes back."""
    for statement in given["schema"]:
        await (await env.DB.call("prepare", statement)).call("run")
    for number, values in enumerate(given["rows"]):
        row = {
            name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for name, value in values.items()
        }
        notes.wrong += mismatches(row, rows.EverythingInsert, f"inserted row {number}")
        names = ", ".join(f'"{name}"' for name in row)
        insert = f"INSERT INTO everything ({names}) VALUES ({', '.join('?' for _ in row)})"
        statement = await env.DB.call("prepare", insert)
        await (await statement.call("bind", *row.values())).call("run")
    result = await (await env.DB.call("prepare", "SELECT * FROM everything")).call("all")
    for number, row in enumerate(result.value["results"]):
        notes.wrong += mismatches(row, rows.EverythingRow, f"selected row {number}")
        if sorted(row) != sorted(fields(rows.EverythingRow)):
            notes.wrong.append(f"selected row {number} has {sorted(row)}")
    stored = list(result.value["results"])
    for name, value in given["rows"][0].items():
        if not isinstance(value, dict) and name not in {"id", "label"}:
            notes.wrong += mismatches({name: value}, rows.EverythingUpdate, "an update")
            statement = await env.DB.call("prepare", f'UPDATE everything SET "{name}" = ? WHERE id = 2 RETURNING *')
            updated = await (await statement.call("bind", value)).call("first")
            notes.wrong += mismatches(updated.value, rows.EverythingRow, "an updated row")
    return stored


async def d1(env: Seen) -> None:
    """A database: what is read, what is written, and at once."""
    db = env.DB
    query = "SELECT id, label, data FROM everything WHERE id = ?"
    one = await (await db.call("prepare", query)).call("bind", 1)
    none = await (await db.call("prepare", query)).call("bind", -1)
    for statement in (one, none):
        for method in ("all", "run", "first", "raw"):
            await statement.call(method)
        await statement.call("first", "label")
    await one.call("first", "data")
    every = [None, "text", 1, 1.5, True, b"\x00\xff", memoryview(b"bytes")]
    statement = await db.call("prepare", f"SELECT {', '.join('?' for _ in every)}")
    await (await statement.call("bind", *every)).call("first")
    for column, value in (("id", 1), ("label", "it's")):
        by_key = await db.call("prepare", f"SELECT * FROM everything WHERE {column} = ?")
        await (await by_key.call("bind", value)).call("first")
    await one.call("raw", {"columnNames": True})
    await db.call("batch", [one, none])
    await db.call("exec", "SELECT 1")
    session = await db.call("withSession")
    await db.call("withSession", "first-primary")
    await session.call("getBookmark")
    await session.call("batch", [await session.call("prepare", "SELECT 1 AS one")])
    await session.call("getBookmark")


async def kv(env: Seen) -> None:
    """A namespace: each form of a value, and of no value."""
    space = env.KV
    await space.call("put", "text", "text")
    await space.call("put", "bytes", b"\x00\xff")
    await space.call("put", "json", '{"a": [1, null, 1.5]}', {"expirationTtl": 3600, "metadata": {"who": None}})
    for key in ("json", "none"):
        await space.call("get", key)
        await space.call("getWithMetadata", key)
        for form in ("text", "json", "arrayBuffer", "stream"):
            await space.call("get", key, form)
    await space.call("list")
    await space.call("list", {"limit": 1, "prefix": ""})
    await space.call("delete", "text")
    await space.call("delete", "none")


async def r2(env: Seen) -> None:
    """A bucket: objects with all that they may have, with nothing, and none."""
    bucket = env.R2
    about = {"httpMetadata": {"contentType": "text/plain"}, "customMetadata": {"who": "me"}}
    await bucket.call("put", "a/text", "text", about)
    await bucket.call("put", "bytes", b"\x00\xff")
    await bucket.call("put", "json", '{"a": [1, null]}')
    for key in ("a/text", "none"):
        await bucket.call("head", key)
    reads = (("a/text", "text"), ("json", "json"), ("bytes", "arrayBuffer"), ("bytes", "bytes"), ("bytes", "blob"))
    for key, method in reads:
        await (await bucket.call("get", key)).call(method)
    found = await bucket.call("get", "a/text", {"range": {"offset": 1, "length": 2}})
    await found.checksums.call("toJSON")
    await found.call("writeHttpMetadata", js.Headers.new())
    other = {"onlyIf": {"etagMatches": "other"}}
    await bucket.call("get", "a/text", other)
    await bucket.call("put", "a/text", "new", other)
    await bucket.call("get", "none")
    await bucket.call("list")
    await bucket.call("list", {"limit": 1, "include": ["httpMetadata", "customMetadata"]})
    await bucket.call("list", {"delimiter": "/"})
    await bucket.call("delete", "bytes")
    await bucket.call("delete", ["a/text", "none"])
    upload = await bucket.call("createMultipartUpload", "large", about)
    part = await upload.call("uploadPart", 1, b"x")
    await upload.call("complete", [part])
    upload = await bucket.call("createMultipartUpload", "large")
    await (await bucket.call("resumeMultipartUpload", "large", upload.value.uploadId)).call("abort")


async def queue(env: Seen) -> None:
    """A queue: messages of each kind."""
    await env.QUEUE.call("send", {"a": [1, None]})
    await env.QUEUE.call("send", "text", {"contentType": "text", "delaySeconds": 1})
    await env.QUEUE.call("sendBatch", [{"body": {"a": 1}}, {"body": "text", "contentType": "text"}])
    await env.QUEUE.call("sendBatch", [{"body": 1}], {"delaySeconds": 1})
    await env.QUEUE.call("metrics")


async def durable_objects(env: Seen) -> None:
    """A namespace of Durable Objects: every way to an object, a request to it, and a call."""
    rooms = env.ROOM
    name = await rooms.call("idFromName", "hall")
    await name.call("equals", await rooms.call("newUniqueId"))
    same = await rooms.call("idFromString", (await name.call("toString")).value)
    await rooms.call("get", same)
    await rooms.call("get", same, locationHint="weur")
    room = await rooms.call("getByName", "hall")
    await room.call("fetch", "http://room/")
    await room.call("greet", "you")


async def services(env: Seen) -> None:
    """Another Worker: a request to it, and a call."""
    await env.OTHER.call("fetch", "http://other/", method="POST", body="text", headers={"x-a": "b"})
    for method in ("text", "json", "bytes", "blob", "form_data", "raise_for_status"):
        response = await env.OTHER.call("fetch", f"http://other/{method}")
        await response.call(method)
    await env.OTHER.call("add", 1, 2)


async def workflows(env: Seen) -> None:
    """A workflow: its instances, one and several."""
    flow = env.FLOW
    await flow.call("create")
    await flow.call("create_batch", [{"id": "second"}, {"id": "third", "params": {"a": None}}])
    instance = await flow.call("create", {"id": "first", "params": {"wait": True}})
    for method in ("status", "pause", "status", "resume", "restart"):
        await instance.call(method)
    await instance.call("send_event", {"type": "happened", "payload": {"a": 1}})
    await instance.call("terminate")
    await (await flow.call("get", "first")).call("status")


async def others(env: Seen) -> None:
    """What has little to say."""
    await env.LIMIT.call("limit", {"key": "me"})
    await env.DATA.call("writeDataPoint", {"indexes": ["a"], "blobs": ["b"], "doubles": [1.5]})
    await env.DATA.call("writeDataPoint")
    await env.STORED.call("get")


def picture() -> Value:
    """A PNG of one pixel, as a stream."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return js.Response.new(to_js(png)).body


async def images(env: Seen) -> None:
    """What an image is, and another made of it."""
    await env.IMAGES.call("info", picture())
    turned = await (await env.IMAGES.call("input", picture())).call("transform", {"rotate": 90})
    drawn = await turned.call("draw", picture(), {"opacity": 0.5})
    made = await drawn.call("output", {"format": "image/png"})
    for method in ("contentType", "response", "image"):
        await made.call(method)


async def fact(ask: Callable[[Value], Value], env: Value) -> object:
    """What an expression gives, or how it fails."""
    try:
        result = ask(env)
        return await result if hasattr(result, "__await__") else result
    except Exception as error:  # noqa: BLE001 - what it raises is what is asked
        return f"{type(error).__name__}: {error}"


FACTS = {
    "no such member": lambda env: env.NOTHING,
    "hasattr": lambda env: hasattr(env, "NOTHING"),
    "a name that is no identifier": lambda env: getattr(env, "not-a-name"),
    "null in a variable": lambda env: type(env.NULL).__name__,
    "an item of a JSON variable": lambda env: env.JSON["deep"],
    "a tuple of statements": lambda env: env.DB.batch((env.DB.prepare("SELECT 1"),)),
    "the largest integer that binds": lambda env: env.DB.prepare("SELECT ? AS v").bind(2**53 - 2).first("v"),
    "a larger one": lambda env: env.DB.prepare("SELECT ?").bind(2**53 - 1).first(),
    "the largest integer that is read": lambda env: env.DB.prepare(f"SELECT {2**53 - 1} AS v").first("v"),
    "a larger one read": lambda env: env.DB.prepare(f"SELECT {2**53 + 1} AS v").first("v"),
    "a whole REAL": lambda env: env.DB.prepare("SELECT 1.0 AS v").first("v"),
    "the type of an integer bound": lambda env: env.DB.prepare("SELECT typeof(?) AS v").bind(1).first("v"),
    "a column named keys": lambda env: env.DB.prepare("SELECT 'k' AS keys, 'o' AS other").first(),
    "a constraint": lambda env: env.DB.prepare("INSERT INTO everything (id, label) VALUES (1, '')").run(),
    "a bytearray": lambda env: env.KV.put("key", bytearray(b"bytes")),
}
