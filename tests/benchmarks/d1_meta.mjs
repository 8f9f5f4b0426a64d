// One migration on D1's own engine: its time, and the rows that D1 counts as read and written.
//
// stdin: {"setup": ["…"], "migration": ["…"]}; stdout: {"seconds": …, "read": …, "written": …}
// The first argument is the folder that has node_modules.
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const require = createRequire(join(process.argv[2], "package.json"));
const { Miniflare, convertV4MiniflareOptions } = require("miniflare");
const { setup, migration } = JSON.parse(await text(process.stdin));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({ modules: true, script: "", host: "127.0.0.1", d1Databases: ["DB"] }),
);
const database = await miniflare.getD1Database("DB");
for (const statement of setup) await database.prepare(statement).run();
const began = performance.now();
const results = await database.batch(migration.map((statement) => database.prepare(statement)));
const seconds = (performance.now() - began) / 1000;
const total = (name) => results.reduce((sum, result) => sum + (result.meta[name] ?? 0), 0);
process.stdout.write(JSON.stringify({ seconds, read: total("rows_read"), written: total("rows_written") }));
await miniflare.dispose();
process.exit(0);
