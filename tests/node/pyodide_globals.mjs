// Pyodide and Emscripten look at the globals for where they are, and don't know workerd. They have to take it for a
// browser's page, which is what workerd's own support of Python makes them believe. Imported before Pyodide is.
const pretended = {
  window: { sessionStorage: {} },
  document: { createElement() {} },
  sessionStorage: {},
  location: "file:///",
  process: undefined,
  WorkerGlobalScope: undefined,
  setImmediate: (callback) => setTimeout(callback, 0),
};
const own = Object.fromEntries(Object.keys(pretended).map((name) => [name, globalThis[name]]));
Object.assign(globalThis, pretended);

export function restore() {
  Object.assign(globalThis, own);
}
