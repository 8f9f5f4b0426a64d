// Runs Python on workerd, with the bindings of a wrangler configuration.
//
// stdin:  {"config": "…/wrangler.json", "pyodide": "pyodide", "files": {"session.py": "…", …}}
// stdout: what `main(env, ctx)` of session.py returned, a string. The process fails where it did, with its traceback.
import { readFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";

const OTHER = `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  fetch({ url }) { return url.endsWith("form_data") ? new Response(new FormData()) : Response.json({ url, nothing: null }); }
  add(a, b) { return a + b; }
}`;

const { config, pyodide, files } = await json(process.stdin);
const read = (name) => readFile(new URL(name, import.meta.url));
const ours = ["pyodide_worker.mjs", "pyodide_globals.mjs"];
// The glue is a script until 0.29 and a module from 314 on. Pyodide imports it by the address that it thinks it has.
const glue = pyodide === "pyodide" ? "pyodide.asm.js" : "pyodide.asm.mjs";
const theirs = [
  ["ESModule", "pyodide.mjs", "pyodide.mjs"],
  ["ESModule", glue, `file:/${glue}`],
  ["CompiledWasm", "pyodide.asm.wasm", "pyodide.asm.wasm"],
  ["Data", "python_stdlib.zip", "python_stdlib.zip"],
  ["Text", "pyodide-lock.json", "pyodide-lock.txt"],
];
const modules = [
  ...ours.map(async (name) => ({ type: "ESModule", path: `/${name}`, contents: await read(name) })),
  ...theirs.map(async ([type, name, path]) => ({
    type,
    path: `/${path}`,
    contents: await read(`node_modules/${pyodide}/${name}`),
  })),
];
const { workerOptions, externalWorkers } = optionsOf(config);
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    // Standard output is for the answer.
    handleRuntimeStdio: (stdout, stderr) => [stdout, stderr].forEach((stream) => stream.pipe(process.stderr)),
    workers: [
      {
        ...workerOptions,
        name: "main",
        // workerd would fetch a Pyodide of its own.
        compatibilityFlags: workerOptions.compatibilityFlags.filter((flag) => flag !== "python_workers"),
        rootPath: undefined,
        modulesRoot: "/",
        modules: await Promise.all(modules),
        unsafeEvalBinding: "UNSAFE_EVAL",
      },
      { name: "other", modules: true, compatibilityDate: workerOptions.compatibilityDate, script: OTHER },
      ...externalWorkers,
    ],
  }),
);
try {
  for (const name of Object.keys(workerOptions.secretsStoreSecrets ?? {})) {
    const admin = await miniflare.getSecretsStoreSecretAPI(name, "main");
    await admin().create(`the secret ${name}`);
  }
  const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify(files) });
  const answer = await response.text();
  (response.ok ? process.stdout : process.stderr).write(answer);
  process.exitCode = response.ok ? 0 : 1;
} finally {
  await miniflare.dispose();
}
