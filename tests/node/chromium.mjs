// Drives a page in headless Chromium, by its DevTools protocol.
// Reads {chromium, profile, url, width, height, dark, script, steps} from stdin as JSON; a step is one of
// {eval}, {key, shift}, {type}, {click: [x, y]}, {move: [x, y]}, {drag: [x, y, x, y]}, {pinch: [x, y, from, to]},
// {hold: [x, y, x, y]}, {wheel: [x, y, by]}, {goto: hash}, {back: 1}, {names: role}, {axe: path of axe.min.js}, {shot: path},
// {pdf: path}, {size: [width, height]}.
// Writes {results, requests, errors}: what each eval, names and axe gave, what the page asked for, what went wrong in it.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

const job = JSON.parse(await text(process.stdin));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
  `--user-data-dir=${job.profile}`, "--remote-debugging-port=0", "about:blank"];
const browser = spawn(job.chromium, flags, { stdio: ["ignore", "ignore", "pipe"] });
const overdue = setTimeout(() => browser.kill("SIGKILL"), 100_000);
process.on("exit", () => browser.kill("SIGKILL")); // also when a step fails

const address = await new Promise((resolve, reject) => {
  let said = "";
  browser.stderr.on("data", (data) => {
    said += data;
    const found = said.match(/DevTools listening on (ws:\S+)/);
    if (found) resolve(found[1]);
  });
  browser.once("exit", () => reject(new Error(`Chromium ended: ${said}`)));
});
const socket = new WebSocket(address);
await new Promise((resolve) => socket.addEventListener("open", resolve));
let count = 0, session;
const pending = new Map();
const requests = [], errors = [];
socket.addEventListener("message", ({ data }) => {
  const said = JSON.parse(data);
  if (said.id) {
    const { resolve, reject } = pending.get(said.id);
    pending.delete(said.id);
    if (said.error) reject(new Error(said.error.message));
    else resolve(said.result);
  } else if (said.method === "Network.requestWillBeSent") requests.push(said.params.request.url);
  else if (said.method === "Runtime.exceptionThrown") errors.push(said.params.exceptionDetails.exception?.description ?? said.params.exceptionDetails.text);
  else if (said.method === "Log.entryAdded" && said.params.entry.level === "error") errors.push(said.params.entry.text);
});
const send = (method, params = {}) => new Promise((resolve, reject) => {
  const id = ++count;
  pending.set(id, { resolve, reject });
  socket.send(JSON.stringify({ id, method, params, ...(session ? { sessionId: session } : {}) }));
});
const evaluate = async (expression) => {
  const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
};
const mouse = (type, x, y, more = {}) => send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1, ...more });
const CODES = { Enter: 13, Escape: 27, Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };

const { targetId } = await send("Target.createTarget", { url: "about:blank" });
({ sessionId: session } = await send("Target.attachToTarget", { targetId, flatten: true }));
for (const domain of ["Page", "Network", "Runtime", "Log"]) await send(`${domain}.enable`);
const resize = (width, height) => send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
await resize(job.width ?? 1400, job.height ?? 900);
await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: job.dark ? "dark" : "light" }] });
if (job.script === false) await send("Emulation.setScriptExecutionDisabled", { value: true });
await send("Page.navigate", { url: job.url });
while (!(await evaluate("location.protocol === 'file:' && document.readyState === 'complete'").catch(() => false))) await pause(50);
await pause(200);

const steps = {
  eval: async ({ eval: expression }) => evaluate(expression),
  key: async ({ key, shift }) => {
    const printed = key.length === 1 ? { text: key } : key === "Enter" ? { text: "\r" } : {};
    const common = { key, modifiers: shift ? 8 : 0, windowsVirtualKeyCode: CODES[key] ?? key.toUpperCase().charCodeAt(0) };
    await send("Input.dispatchKeyEvent", { type: "keyDown", ...common, ...printed });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
  },
  type: async ({ type }) => send("Input.insertText", { text: type }),
  click: async ({ click: [x, y] }) => { await mouse("mousePressed", x, y); await mouse("mouseReleased", x, y); },
  move: async ({ move: [x, y] }) => mouse("mouseMoved", x, y, { button: "none" }),
  drag: async ({ drag: [x, y, to, down] }) => {
    await mouse("mousePressed", x, y);
    for (const share of [0.3, 0.7, 1]) await mouse("mouseMoved", x + (to - x) * share, y + (down - y) * share);
    await mouse("mouseReleased", to, down);
  },
  // A drag whose end the first place doesn't hear of.
  hold: async ({ hold: [x, y, to, down] }) => { await mouse("mousePressed", x, y); await mouse("mouseReleased", to, down); },
  pinch: async ({ pinch: [x, y, from, to] }) => {
    const points = (apart) => [{ x: x - apart / 2, y, id: 1 }, { x: x + apart / 2, y, id: 2 }];
    await send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: points(from) });
    for (const share of [0.25, 0.5, 0.75, 1]) await send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: points(from + (to - from) * share) });
    await send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  },
  wheel: async ({ wheel: [x, y, by] }) => mouse("mouseWheel", x, y, { deltaX: 0, deltaY: by }),
  goto: async ({ goto: hash }) => {
    await evaluate("window.went = new Promise((done) => addEventListener('hashchange', () => setTimeout(done, 50), { once: true })), 0");
    await send("Page.navigate", { url: job.url + hash });
    await evaluate("window.went");
  },
  back: async () => {
    await evaluate("window.went = new Promise((done) => addEventListener('hashchange', () => setTimeout(done, 50), { once: true })), 0");
    await evaluate("history.back()");
    await evaluate("window.went");
  },
  names: async ({ names: role }) => {
    const { nodes } = await send("Accessibility.getFullAXTree");
    return nodes.filter((one) => !one.ignored && one.role?.value === role).map((one) => one.name?.value);
  },
  size: async ({ size: [width, height] }) => resize(width, height),
  shot: async ({ shot: path }) => writeFile(path, Buffer.from((await send("Page.captureScreenshot")).data, "base64")),
  pdf: async ({ pdf: path }) => writeFile(path, Buffer.from((await send("Page.printToPDF", { printBackground: true })).data, "base64")),
  axe: async ({ axe: path }) => {
    await evaluate(await readFile(path, "utf8"));
    return evaluate(`axe.run(document).then((found) => ({
      passes: found.passes.length,
      violations: found.violations.map((one) => [one.id, one.impact, one.help, one.nodes.slice(0, 5).map((node) => node.html.slice(0, 160) + " " + node.failureSummary)]),
    }))`);
  },
};
const results = [];
for (const step of job.steps) {
  const [name] = Object.keys(step);
  const given = await steps[name](step);
  if (["eval", "names", "axe"].includes(name)) results.push(given);
  else await pause(60);
}
process.stdout.write(JSON.stringify({ results, requests, errors }));
session = undefined;
await send("Browser.close").catch(() => {});
clearTimeout(overdue);
socket.close();
