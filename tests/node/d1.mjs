// D1 on real workerd, driven over stdin and stdout, one JSON object a line.
//
// {"do": "fresh"}                                   -> the number of a new, empty database, in memory of this run only
// {"do": "open", "path": "…/v3", "name": "my-db"}   -> the number of a database kept where wrangler keeps it
// {"do": "batch", "on": 1, "queries": [{"sql": "…", "params": […]}]} -> an array of arrays of rows; all or nothing
// {"do": "script", "on": 1, "sql": "…"}             -> the same, split into statements by wrangler's own splitter
// {"do": "run", "on": 1, "queries": [{"sql": "…", "params": […]}], "most": 100}
//                                                   -> {"meta", "columns", "rows"} of each statement; all or nothing.
//                                                      A text without parameters may be several statements; of more
//                                                      than `most`, where that is given, none is run
// {"do": "dump", "on": 1, "options": [noSchema, noData, …tables]} -> the lines of D1's own export
// {"do": "file", "on": 1}                           -> the path of the database's file
// {"do": "close", "on": 1}                          -> the database is let go
//
// An answer is {"ok": …} or {"error": "D1's message"}. The end of stdin ends everything.
import { createHash, createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

// A binding costs next to nothing until it is used, a workerd process a fifth of a second.
const POOL = 200;

// The binding's `batch` gives rows as objects: no columns where there is no row, one of two columns with the same name.
// What it asks workerd gives all, and only a Worker can ask that.
const WORKER = `export default {
  async fetch(request, env) {
    const { name, queries } = await request.json();
    try {
      return Response.json({ ok: (await env[name].query({ queries })).results });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};`;

const scratch = await mkdtemp(join(tmpdir(), "progy-d1-"));
const databases = [];
const unused = [];

function start(path, ids) {
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: WORKER,
      compatibilityDate: "2026-11-01",
      compatibilityFlags: ["d1_binding_jsrpc"],
      host: "127.0.0.1",
      resourcePersistencePath: path,
      d1Databases: ids,
      // Standard output is for answers.
      handleRuntimeStdio: (stdout, stderr) => [stdout, stderr].forEach((stream) => stream.pipe(process.stderr)),
    }),
  );
}

async function refill() {
  const names = Array.from({ length: POOL }, (_, index) => `DB${index}`);
  const path = join(scratch, `${databases.length}`);
  const miniflare = start(path, Object.fromEntries(names.map((name) => [name, name])));
  await miniflare.ready;
  unused.push(...names.map((name) => ({ miniflare, path, binding: name, name })));
}

async function fresh() {
  if (unused.length === 0) await refill();
  const next = unused.shift();
  databases.push({ ...next, database: await next.miniflare.getD1Database(next.binding) });
  return databases.length - 1;
}

async function open(path, name) {
  const miniflare = start(path, { DATABASE: name });
  const database = await miniflare.getD1Database("DATABASE");
  databases.push({ miniflare, path, binding: "DATABASE", name, database, alone: true });
  return databases.length - 1;
}

async function close(number) {
  if (databases[number]?.alone) await databases[number].miniflare.dispose();
  databases[number] = undefined;
}

function value(given) {
  return given?.base64 === undefined ? given : new Uint8Array(Buffer.from(given.base64, "base64"));
}

async function batch(number, queries) {
  const { database } = databases[number];
  const statements = queries.map(({ sql, params }) => database.prepare(sql).bind(...params.map(value)));
  return (await database.batch(statements)).map((result) => result.results);
}

async function script(number, sql) {
  // Wrangler's package is large and few tests need it.
  const { unstable_splitSqlQuery: split } = await import("wrangler");
  return batch(number, split(sql).map((statement) => ({ sql: statement, params: [] })));
}

// As the binding does.
function parameter(given) {
  return typeof given === "boolean" ? Number(given) : given;
}

async function run(number, given, most) {
  const { miniflare, binding } = databases[number];
  const queries = given.map(({ sql, params }) => ({ sql, params: params.map(parameter) }));
  if (most && queries.length > most) throw new Error(`too many SQL statements: ${queries.length}, at most ${most}`);
  const response = await miniflare.dispatchFetch("http://worker/", {
    method: "POST",
    body: JSON.stringify({ name: binding, queries }),
  });
  const { ok, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return ok.map(({ meta, data: { columns, rows } }) => ({ meta, columns, rows }));
}

async function dump(number, options) {
  const { database } = databases[number];
  return (await database.prepare("PRAGMA miniflare_d1_export(?,?,?);").bind(...options).raw())[0];
}

function file(number) {
  const { path, name } = databases[number];
  const kind = "miniflare-D1DatabaseObject";
  const hmac = (data) => createHmac("sha256", createHash("sha256").update(kind).digest()).update(data).digest();
  const head = hmac(name).subarray(0, 16);
  return join(path, "d1", kind, `${Buffer.concat([head, hmac(head).subarray(0, 16)]).toString("hex")}.sqlite`);
}

function answer(request) {
  switch (request.do) {
    case "fresh":
      return fresh();
    case "open":
      return open(request.path, request.name);
    case "batch":
      return batch(request.on, request.queries);
    case "script":
      return script(request.on, request.sql);
    case "run":
      return run(request.on, request.queries, request.most);
    case "dump":
      return dump(request.on, request.options);
    case "file":
      return file(request.on);
    case "close":
      return close(request.on);
    default:
      throw new Error(`no such operation: ${request.do}`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = { ok: (await answer(JSON.parse(line))) ?? null };
  } catch (error) {
    // As wrangler does: the cause is D1's message without "D1_ERROR:" before it.
    reply = { error: (error.cause ?? error).message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
const running = new Set([...unused, ...databases].map((entry) => entry?.miniflare).filter(Boolean));
await Promise.all([...running].map((miniflare) => miniflare.dispose()));
await rm(scratch, { recursive: true, force: true });
process.exit(0);
