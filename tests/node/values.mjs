// What a JavaScript Worker's D1 takes and gives, as JSON on standard output: of each value its kind.
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const WORKER = `
const kind = (value) => Array.isArray(value) ? "array of " + [...new Set(value.map(kind))].join() : value === null ? "null" : typeof value;
const GIVEN = {
  array_buffer: new Uint8Array([0, 255]).buffer, view: new Uint8Array([0, 255]), numbers: [0, 255],
  true: true, integer: 1, real: 1.5, text: "a", null: null,
};
export default {
  async fetch(request, { DB }) {
    await DB.exec("CREATE TABLE t (name TEXT, value)");
    const insert = DB.prepare("INSERT INTO t VALUES (?, ?)");
    await DB.batch(Object.entries(GIVEN).map(([name, value]) => insert.bind(name, value)));
    const { results } = await DB.prepare("SELECT name, typeof(value) AS stored, value FROM t").all();
    return Response.json(Object.fromEntries(results.map((row) => [row.name, [row.stored, kind(row.value)]])));
  },
};`;

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: WORKER,
    compatibilityDate: "2026-11-01",
    host: "127.0.0.1",
    d1Databases: { DB: "values" },
    handleRuntimeStdio: (stdout, stderr) => [stdout, stderr].forEach((stream) => stream.pipe(process.stderr)),
  }),
);
process.stdout.write(await (await miniflare.dispatchFetch("http://worker/")).text());
await miniflare.dispose();
