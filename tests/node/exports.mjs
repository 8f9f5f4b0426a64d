// Reads a JSON array of entry files from stdin, writes for each what esbuild says when asked as wrangler 4.164.0 asks it:
// [names, whether it listens to events as a service worker does], or the first error's text.
import { text } from "node:stream/consumers";
import { build } from "esbuild";

const LISTENER = "__WRANGLER_SERVICE_WORKER_EVENT_LISTENER__";

async function read(file) {
  const { metafile, outputFiles } = await build({
    entryPoints: [file],
    bundle: false,
    write: false,
    metafile: true,
    outdir: "out",
    target: "es2024",
    supported: { "import-source": true, using: true },
    loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" },
    define: { addEventListener: LISTENER, "globalThis.addEventListener": LISTENER, "self.addEventListener": LISTENER },
    logLevel: "silent",
  });
  const [entry] = Object.values(metafile.outputs).filter((output) => output.entryPoint !== undefined);
  return [entry.exports, outputFiles.some((output) => output.text.includes(LISTENER))];
}

const answers = [];
for (const file of JSON.parse(await text(process.stdin))) {
  answers.push(await read(file).catch((error) => error.errors?.[0]?.text ?? String(error)));
}
process.stdout.write(JSON.stringify(answers));
