// D1 on real workerd, driven over stdin and stdout, one JSON object a line.
//
// {"do": "fresh"}                                   -> the number of a new, empty database, in memory of this run only
// {"do": "open", "path": "…/v3", "name": "my-db"}   -> the number of a database kept where wrangler keeps it
// {"do": "batch", "on": 1, "queries": [{"sql": "…", "params": […]}]} -> an array of arrays of rows; all or nothing
// {"do": "script", "on": 1, "sql": "…"}             -> the same, split into statements by wrangler's own splitter
// {"do": "close", "on": 1}                          -> the database is let go
//
// An answer is {"ok": …} or {"error": "D1's message"}. The end of stdin ends everything.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

// A binding costs next to nothing until it is used, a workerd process a fifth of a second.
const POOL = 200;

const scratch = await mkdtemp(join(tmpdir(), "progy-d1-"));
const databases = [];
const unused = [];

function start(path, ids) {
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "",
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
  unused.push(...names.map((name) => ({ miniflare, name })));
}

async function fresh() {
  if (unused.length === 0) await refill();
  const { miniflare, name } = unused.shift();
  databases.push({ database: await miniflare.getD1Database(name) });
  return databases.length - 1;
}

async function open(path, name) {
  const miniflare = start(path, { DATABASE: name });
  databases.push({ database: await miniflare.getD1Database("DATABASE"), miniflare });
  return databases.length - 1;
}

async function close(number) {
  await databases[number]?.miniflare?.dispose();
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
