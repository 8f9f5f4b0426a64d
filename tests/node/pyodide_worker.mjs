// A Worker on workerd that runs Python as a Python Worker does: Pyodide, the real SDK, and workerd's own bindings.
//
// workerd's `python_workers` fetches its Pyodide from Cloudflare. Here it comes from npm, and what workerd does for it
// is done by hand: compiled WebAssembly is a module, and more is compiled by way of the unsafe-eval binding.
import { restore } from "./pyodide_globals.mjs";
import { loadPyodide } from "./pyodide.mjs";
import lock from "./pyodide-lock.txt";
import library from "./python_stdlib.zip";
import wasm from "./pyodide.asm.wasm";
import * as cloudflareWorkers from "cloudflare:workers";

export class Room extends cloudflareWorkers.DurableObject {
  async fetch(request) {
    return new Response(`room ${request.url}`);
  }
  greet(name) {
    return { greeting: `hello ${name}`, nothing: null };
  }
}

export class Flow extends cloudflareWorkers.WorkflowEntrypoint {
  async run(event, step) {
    if (event.payload?.wait) await step.sleep("for long", "1 hour");
    return step.do("return what came", async () => ({ payload: event.payload }));
  }
}

async function load(unsafe) {
  const { Module, instantiate, Instance } = WebAssembly;
  const { fetch } = globalThis;
  WebAssembly.Module = new Proxy(Module, { construct: (_, [bytes]) => unsafe.newWasmModule(bytes) });
  WebAssembly.instantiate = async (given, imports) => {
    if (given instanceof Module) return instantiate.call(WebAssembly, given, imports);
    const module = unsafe.newWasmModule(given);
    return { module, instance: new Instance(module, imports) };
  };
  WebAssembly.instantiateStreaming = async (_, imports) => ({ module: wasm, instance: new Instance(wasm, imports) });
  globalThis.fetch = async (url) => new Response(`${url}`.endsWith("/python_stdlib.zip") ? library : "");
  try {
    return await loadPyodide({ indexURL: "file:///", lockFileContents: JSON.parse(lock) });
  } finally {
    globalThis.fetch = fetch;
    restore();
  }
}

// What workerd gives the SDK. Nothing of it is reached by bindings but the compatibility flags.
const HELPER = {
  cloudflareWorkersModule: cloudflareWorkers,
  doAnImport: (name) => import(name),
  patchWaitUntil() {},
};
const MAIN = `
import sys

sys.path.insert(0, "/session")
from session import main

await main(env, ctx)
`;

export default {
  async fetch(request, { UNSAFE_EVAL, ...env }, ctx) {
    try {
      const python = await load(UNSAFE_EVAL);
      for (const [path, text] of Object.entries(await request.json())) {
        python.FS.mkdirTree(`/session/${path}`.replace(/\/[^/]*$/, ""));
        python.FS.writeFile(`/session/${path}`, text);
      }
      python.registerJsModule("_pyodide_entrypoint_helper", HELPER);
      const globals = python.toPy({});
      globals.set("env", env);
      globals.set("ctx", ctx);
      return new Response(await python.runPythonAsync(MAIN, { globals }));
    } catch (error) {
      // Of a Python exception, its traceback.
      return new Response(error.type ? error.message : error.stack, { status: 500 });
    }
  },
};
