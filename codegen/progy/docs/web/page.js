"use strict";
(() => {
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const data = JSON.parse($("data").textContent);
const map = $("map"), world = $("world"), panel = $("tables");
document.documentElement.classList.add("app");

// What the page knows of a table: its box in the picture, its article, its checkbox, and what is searched.
const articles = [...panel.querySelectorAll("article")];
const boxes = [...world.querySelectorAll(".t")];
const checks = [...document.querySelectorAll("[data-table]")].sort((a, b) => a.dataset.table - b.dataset.table);
const lines = [...world.querySelectorAll(".e")];
const tables = articles.map((article, at) => {
  const box = boxes[at], rect = box.querySelector(".b");
  const [x, y] = box.getAttribute("transform").match(/-?\d+/g).map(Number);
  const columns = [...article.querySelectorAll("tbody tr")].map((row) => ({
    name: row.querySelector("th span").textContent, about: [...row.cells[2].children].map((one) => one.textContent).join(" · "),
  }));
  const about = [...article.children].filter((one) => one.matches("p:not(.soft)")).map((one) => one.textContent).join(" ");
  return { name: article.querySelector("h2").textContent, about, columns, article, box, x, y,
    width: +rect.getAttribute("width"), height: +rect.getAttribute("height"), check: checks[at] };
});
const byName = new Map(tables.map((table, at) => [table.name, at]));
const byAnchor = new Map(tables.map((table, at) => [table.article.id, at]));
const everything = [...data.size, tables.flatMap((table, at) => [at, table.x, table.y]),
  lines.map((line, at) => [at, line.getAttribute("d")])];

const state = { view: "", around: -1, table: -1, hidden: new Set(), q: "", camera: null };
let camera = { x: 0, y: 0, k: 1 };
let shown = [];          // the tables of the layout that aren't hidden
let places = new Map();  // where the layout has them
let size = [0, 0];
let hover = -1, current = 0;

// --- The picture -----------------------------------------------------------------------------------------------------

const SMALL = 0.5; // below this, columns can't be read: names are drawn large instead

function overviewNames() {
  for (const table of tables) {
    const parts = table.name.slice(0, 60).split(/(?<=[_\s.-])/);
    const rows = [];
    for (const part of parts) {
      if (rows.length && (rows.at(-1) + part).length <= 11) rows[rows.length - 1] += part;
      else if (rows.length < 4) rows.push(part);
    }
    const long = Math.max(...rows.map((row) => row.length));
    const font = Math.min(46, (table.width - 14) / (long * 0.61), (table.height - 8) / (rows.length * 1.15));
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("class", "far");
    text.setAttribute("aria-hidden", "true");
    rows.forEach((row, at) => {
      const line = document.createElementNS(SVG, "tspan");
      line.textContent = row;
      line.setAttribute("x", table.width / 2);
      line.setAttribute("y", table.height / 2 + font * ((at - (rows.length - 1) / 2) * 1.12 + 0.35));
      text.append(line);
    });
    text.style.fontSize = `${font}px`;
    table.box.append(text);
  }
}

function title(element, words) {
  if (!words || element.querySelector("title")) return;
  const one = document.createElementNS(SVG, "title");
  one.textContent = words;
  element.append(one);
}

function comments() {
  for (const table of tables) {
    title(table.box.querySelector(".n"), table.about);
    const names = new Map(table.columns.map((column) => [column.name, column.about]));
    for (const text of table.box.querySelectorAll(".c,.p")) title(text, names.get(text.textContent));
  }
}

// A line is thin; what answers to the pointer is wider.
const reaches = lines.map((line) => {
  const reach = document.createElementNS(SVG, "path");
  reach.setAttribute("class", "reach");
  title(reach, line.querySelector("title").textContent);
  line.after(reach);
  return reach;
});

function layOut() {
  const layout = state.around >= 0 ? data.around[state.around] : data.views[state.view] ?? everything;
  const [width, height, at, paths] = layout;
  size = [width, height];
  places = new Map();
  for (let i = 0; i < at.length; i += 3) places.set(at[i], [at[i + 1], at[i + 2]]);
  shown = [...places.keys()].filter((one) => !state.hidden.has(one));
  const seen = new Set(shown);
  tables.forEach((table, one) => {
    table.box.style.display = seen.has(one) ? "" : "none";
    if (places.has(one)) table.box.setAttribute("transform", `translate(${places.get(one).join(" ")})`);
    table.check.checked = !state.hidden.has(one);
  });
  const ways = new Map(paths);
  lines.forEach((line, one) => {
    const visible = ways.has(one) && data.relations[one].every((end) => seen.has(end));
    for (const path of [line, reaches[one]]) {
      path.style.display = visible ? "" : "none";
      if (visible) path.setAttribute("d", ways.get(one));
    }
  });
  if (!seen.has(current)) current = shown[0] ?? 0;
  for (const group of document.querySelectorAll("[data-group]")) {
    const inside = [...group.closest("section").querySelectorAll("[data-table]")];
    group.checked = inside.some((one) => one.checked);
    group.indeterminate = group.checked && inside.some((one) => !one.checked);
  }
  rove();
  mark();
}

// Of the picture's tables one is in the order of Tab; arrows lead from it to the others.
function rove() {
  tables.forEach((table, at) => table.box.setAttribute("tabindex", at === current ? 0 : -1));
}

function related(at) {
  const near = new Set([at]), over = new Set();
  data.relations.forEach((ends, line) => {
    if (!ends.includes(at)) return;
    ends.forEach((end) => near.add(end));
    over.add(line);
  });
  return [near, over];
}

function mark() {
  let near = null, over = new Set();
  const at = hover >= 0 ? hover : state.table;
  if (at >= 0) [near, over] = related(at);
  else if (state.q) near = new Set(search(state.q).map((hit) => hit.table));
  world.classList.toggle("dim", near !== null);
  tables.forEach((table, one) => {
    table.box.classList.toggle("on", near !== null && near.has(one));
    table.box.classList.toggle("now", one === at);
  });
  lines.forEach((line, one) => line.classList.toggle("on", over.has(one)));
}

function move() {
  world.setAttribute("transform", `translate(${camera.x} ${camera.y}) scale(${camera.k})`);
  world.classList.toggle("small", camera.k < SMALL);
}

function fit() {
  state.camera = null;
  let [left, top, right, bottom] = [0, 0, ...size];
  if (shown.length && shown.length < places.size) {
    left = top = Infinity;
    right = bottom = -Infinity;
    for (const one of shown) {
      const [x, y] = places.get(one);
      left = Math.min(left, x - 30); top = Math.min(top, y - 10);
      right = Math.max(right, x + tables[one].width + 30); bottom = Math.max(bottom, y + tables[one].height + 10);
    }
  }
  const { width, height } = frame();
  const k = Math.min(1.15, (width - 40) / (right - left), (height - 40) / (bottom - top));
  camera = { k: Math.max(k, 0.02), x: 0, y: 0 };
  camera.x = (width - (right + left) * camera.k) / 2;
  camera.y = (height - (bottom + top) * camera.k) / 2;
  move();
}

// What is free of the picture: on a narrow screen the details lie over its lower part, and buttons over the rest's end.
function frame() {
  const { width, height } = map.getBoundingClientRect();
  const over = panel.classList.contains("open") && getComputedStyle(panel).position === "absolute";
  return { width, height: Math.max(80, height - (over ? panel.offsetHeight : 44)) };
}

function zoom(by, x, y) {
  const free = frame();
  x ??= free.width / 2; y ??= free.height / 2;
  const k = Math.min(4, Math.max(0.03, camera.k * by));
  camera.x = x - (x - camera.x) * k / camera.k;
  camera.y = y - (y - camera.y) * k / camera.k;
  camera.k = k;
  moved();
}

function moved() {
  state.camera = camera;
  move();
  remember();
}

function reveal(at, atLeast = 0) {
  const place = places.get(at);
  if (!place) return;
  const { width, height } = frame();
  const k = Math.max(camera.k, atLeast);
  const x = place[0] * camera.k + camera.x, y = place[1] * camera.k + camera.y;
  const inside = x > 0 && y > 0 && x + tables[at].width * k < width && y + tables[at].height * k < height;
  if (inside && k === camera.k) return;
  camera = { k, x: width / 2 - (place[0] + tables[at].width / 2) * k,
    y: Math.max(height / 2 - (place[1] + tables[at].height / 2) * k, 20 - place[1] * k) };
  if (tables[at].height * k < height) camera.y = height / 2 - (place[1] + tables[at].height / 2) * k;
  moved();
}

// --- What is chosen --------------------------------------------------------------------------------------------------

function say(words) { $("said").textContent = words; }

function choose(at, { focus = false, zoomTo = 0 } = {}) {
  const was = state.table;
  state.table = at;
  if (at >= 0) {
    if (state.hidden.delete(at)) layOut();
    if (!places.has(at)) { state.view = ""; state.around = -1; layOut(); $("view").value = ""; fit(); }
    current = at;
    rove();
  }
  articles.forEach((article, one) => article.classList.toggle("open", one === at));
  const opened = panel.classList.contains("open") !== at >= 0;
  panel.classList.toggle("open", at >= 0);
  for (const link of document.querySelectorAll("nav a")) link.removeAttribute("aria-current");
  if (at >= 0) {
    checks[at].parentElement.querySelector("a").setAttribute("aria-current", "true");
    if (was !== at) panel.scrollTop = 0;
    if (focus) tables[at].article.focus({ preventScroll: true });
  }
  closeMenu();
  if (opened && state.camera === null) fit();
  buttons();
  mark();
  if (at >= 0) reveal(at, zoomTo);
  remember();
}

function buttons() {
  $("related").setAttribute("aria-pressed", String(state.around >= 0 && state.around === state.table));
}

function showAround(at) {
  state.around = at;
  state.view = "";
  $("view").value = "";
  layOut();
  fit();
  if (state.table >= 0 && !places.has(state.table)) choose(-1);
  buttons();
  remember();
  say(at >= 0 ? `Only what is related to ${tables[at].name}: ${shown.length} tables` : "Everything");
}

function hide(ones, hidden) {
  for (const one of ones) {
    if (hidden) state.hidden.add(one);
    else state.hidden.delete(one);
  }
  if (state.hidden.has(state.table)) choose(-1);
  layOut();
  fit();
  remember();
  say(`${shown.length} of ${tables.length} tables are shown`);
}

function escape() {
  if (nav.classList.contains("open")) return closeMenu();
  if (!found.hidden) return closeFound();
  if (state.table >= 0) {
    const at = state.table;
    choose(-1);
    return tables[at].box.focus({ preventScroll: true });
  }
  if (state.q) { q.value = ""; return look(); }
  if (state.around >= 0 || state.view) { state.view = ""; return showAround(-1); }
  if (state.hidden.size) hide([...state.hidden], false);
}

// --- Search ----------------------------------------------------------------------------------------------------------

const q = $("q"), found = $("found"), nav = $("side");
let hits = [], active = -1;

function search(words) {
  const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!sought.length) return [];
  const results = [];
  const weigh = (name, about, rest) => {
    const low = name.toLowerCase(), all = `${low} ${about.toLowerCase()}`;
    if (!sought.every((word) => all.includes(word))) return;
    const rank = low === sought.join(" ") ? 0 : low.startsWith(sought[0]) ? 1 : low.includes(sought[0]) ? 2 : 3;
    results.push({ ...rest, about, rank });
  };
  tables.forEach((table, at) => {
    weigh(table.name, table.about, { table: at, label: table.name, column: -1 });
    table.columns.forEach((column, one) => weigh(column.name, column.about,
      { table: at, label: `${table.name}.${column.name}`, column: one }));
  });
  return results.sort((a, b) => a.rank - b.rank || (a.column >= 0) - (b.column >= 0));
}

function look() {
  state.q = q.value.trim();
  hits = search(state.q);
  active = hits.length ? 0 : -1;
  found.replaceChildren(...hits.slice(0, 40).map((hit, at) => {
    const item = document.createElement("li");
    item.id = `found-${at}`;
    item.setAttribute("role", "option");
    const label = document.createElement("code"), about = document.createElement("small");
    label.textContent = hit.label.length > 90 ? `${hit.label.slice(0, 89)}…` : hit.label;
    about.textContent = hit.about.length > 110 ? `${hit.about.slice(0, 109)}…` : hit.about;
    item.append(label, about);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(at); });
    return item;
  }));
  found.hidden = !hits.length;
  q.setAttribute("aria-expanded", String(!found.hidden));
  const wanted = new Set(hits.filter((hit) => hit.column >= 0).map((hit) => hit.label));
  for (const table of tables) {
    for (const text of table.box.querySelectorAll(".c,.p")) {
      text.classList.toggle("hit", wanted.has(`${table.name}.${text.firstChild.data}`));
    }
  }
  point();
  mark();
  remember();
  say(state.q ? `${hits.length} found` : "");
}

function point() {
  [...found.children].forEach((item, at) => {
    item.setAttribute("aria-selected", String(at === active));
    if (at === active) item.scrollIntoView({ block: "nearest" });
  });
  if (active >= 0 && !found.hidden) q.setAttribute("aria-activedescendant", `found-${active}`);
  else q.removeAttribute("aria-activedescendant");
}

function closeFound() {
  found.hidden = true;
  q.setAttribute("aria-expanded", "false");
  point();
}

function take(at) {
  const hit = hits[at];
  if (!hit) return;
  closeFound();
  choose(hit.table, { focus: true, zoomTo: 0.7 });
  if (hit.column >= 0) {
    tables[hit.table].article.querySelectorAll("tbody tr")[hit.column].scrollIntoView({ block: "center" });
  }
}

q.addEventListener("input", look);
q.addEventListener("focus", () => { if (state.q && hits.length) { found.hidden = false; q.setAttribute("aria-expanded", "true"); point(); } });
q.addEventListener("blur", closeFound);
q.addEventListener("keydown", (event) => {
  if (event.key === "Enter") take(active);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const count = found.children.length;
    if (!count) return;
    active = (active + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
    point();
  } else return;
  event.preventDefault();
});

// --- The address -----------------------------------------------------------------------------------------------------

let own = location.hash, waiting = 0;

function address() {
  const said = new URLSearchParams();
  if (state.table >= 0) said.set("table", tables[state.table].name);
  if (state.view) said.set("view", state.view);
  if (state.around >= 0) said.set("around", tables[state.around].name);
  for (const one of [...state.hidden].sort((a, b) => a - b)) said.append("hide", tables[one].name);
  if (state.q) said.set("q", state.q);
  if (state.camera) {
    // The middle and the scale: what other screens can show as well.
    const { width, height } = frame();
    said.set("at", [(width / 2 - camera.x) / camera.k, (height / 2 - camera.y) / camera.k, camera.k * 100]
      .map(Math.round).join(","));
  }
  return `#${said}`;
}

// Browsers allow few changes of the address in a short time.
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    own = address();
    history.replaceState(null, "", own === "#" ? location.pathname + location.search : own);
  }, 150);
}

function follow() {
  const linked = byAnchor.get(location.hash.slice(1)) ?? -1;
  const said = new URLSearchParams(linked >= 0 ? "" : location.hash.slice(1));
  const at = (name) => byName.get(said.get(name)) ?? -1;
  state.view = Object.hasOwn(data.views, said.get("view") ?? "") ? said.get("view") : "";
  state.around = at("around");
  state.hidden = new Set(said.getAll("hide").map((name) => byName.get(name)).filter((one) => one !== undefined));
  state.camera = null;
  $("view").value = state.view;
  q.value = said.get("q") ?? "";
  layOut();
  fit();
  look();
  closeFound();
  choose(linked >= 0 ? linked : at("table"));
  const [x, y, scale] = (said.get("at") ?? "").split(",").map(Number);
  if (scale > 0 && Number.isFinite(x + y + scale)) {
    const { width, height } = frame();
    const k = Math.min(4, Math.max(0.03, scale / 100));
    camera = { k, x: width / 2 - x * k, y: height / 2 - y * k };
    moved();
  }
}

addEventListener("hashchange", () => { if (location.hash !== own) follow(); });

// --- Pointer ---------------------------------------------------------------------------------------------------------

const fingers = new Map();
let dragged = false;
const tableAt = (target) => boxes.indexOf(target.closest?.(".t"));

map.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (fingers.size === 1) dragged = false;
});
map.addEventListener("pointermove", (event) => {
  const last = fingers.get(event.pointerId);
  if (!last) {
    const line = reaches.indexOf(event.target);
    lines.forEach((one, at) => { if (line >= 0 || one.classList.contains("on")) one.classList.toggle("on", at === line || lit(at)); });
    return;
  }
  const now = [event.clientX, event.clientY];
  if (!dragged && Math.hypot(now[0] - last[0], now[1] - last[1]) < 4) return;
  if (!dragged) { dragged = true; map.setPointerCapture(event.pointerId); map.classList.add("drag"); }
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  fingers.set(event.pointerId, now);
  if (other) {
    const far = Math.hypot(now[0] - other[0], now[1] - other[1]), was = Math.hypot(last[0] - other[0], last[1] - other[1]);
    const { left, top } = map.getBoundingClientRect();
    if (was > 0) zoom(far / was, (now[0] + other[0]) / 2 - left, (now[1] + other[1]) / 2 - top);
  }
  const share = other ? 0.5 : 1;
  camera.x += (now[0] - last[0]) * share;
  camera.y += (now[1] - last[1]) * share;
  moved();
});
const lit = (line) => {
  const at = hover >= 0 ? hover : state.table;
  return at >= 0 && data.relations[line].includes(at);
};
const lift = (event) => {
  fingers.delete(event.pointerId);
  if (!fingers.size) map.classList.remove("drag");
};
map.addEventListener("pointerup", lift);
map.addEventListener("pointercancel", lift);
map.addEventListener("dragstart", (event) => event.preventDefault());
map.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch" || fingers.size) return;
  hover = tableAt(event.target);
  mark();
});
map.addEventListener("pointerleave", () => { hover = -1; mark(); });
map.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = map.getBoundingClientRect();
  const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 4 : 1);
  if (event.shiftKey) { camera.x -= event.deltaX || event.deltaY; moved(); }
  else zoom(Math.exp(-Math.max(-300, Math.min(300, step)) / 500), event.clientX - left, event.clientY - top);
}, { passive: false });
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#table-']");
  if (!link) {
    if (map.contains(event.target) && !dragged && state.table >= 0) choose(-1);
    return;
  }
  event.preventDefault();
  if (map.contains(link) && dragged) return;
  // A keyboard's click comes from no place: then the focus goes along.
  choose(byAnchor.get(link.hash?.slice(1) ?? link.getAttribute("href").slice(1)), { focus: event.detail === 0 || !map.contains(link) });
});

// --- Keyboard --------------------------------------------------------------------------------------------------------

function step(key) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const middle = (one) => [places.get(one)[0] + tables[one].width / 2, places.get(one)[1] + tables[one].height / 2];
  const [x, y] = middle(current);
  let best = -1, least = Infinity;
  for (const one of shown) {
    const [ox, oy] = middle(one);
    const ahead = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (one !== current && ahead > 1 && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = one; }
  }
  if (best < 0) return;
  current = best;
  rove();
  tables[best].box.focus({ preventScroll: true });
  reveal(best);
}

map.addEventListener("focusin", (event) => {
  const at = tableAt(event.target);
  if (at < 0) return;
  current = at;
  rove();
  if (event.target.matches(":focus-visible")) { hover = at; mark(); reveal(at); }
});
map.addEventListener("focusout", () => { hover = -1; mark(); });

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || $("keys").open) return;
  if (event.key === "Escape") { escape(); return event.preventDefault(); }
  if (event.target.matches("input:not([type=checkbox]),select,textarea")) return;
  const inMap = map.contains(event.target), arrow = event.key.startsWith("Arrow");
  const one = inMap ? current : state.table;
  if (arrow && event.shiftKey && (inMap || event.target === document.body)) {
    const [dx, dy] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    camera.x += dx * 60; camera.y += dy * 60;
    moved();
  } else if (arrow && inMap) step(event.key);
  else if (event.key === "/") { q.focus(); q.select(); }
  else if (event.key === "?") $("keys").showModal();
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") { fit(); remember(); }
  else if (event.key === "r" && (one >= 0 || state.around >= 0)) showAround(state.around >= 0 ? -1 : one);
  else if (event.key === "h" && one >= 0) {
    hide([one], true);
    if (inMap && shown.length) tables[current].box.focus({ preventScroll: true });
  } else return;
  event.preventDefault();
});

// --- Buttons ---------------------------------------------------------------------------------------------------------

function closeMenu() {
  nav.classList.remove("open");
  $("menu").setAttribute("aria-expanded", "false");
}

$("menu").addEventListener("click", () => {
  nav.style.top = "";
  $("menu").setAttribute("aria-expanded", String(nav.classList.toggle("open")));
  nav.style.top = `${document.querySelector("header").offsetHeight}px`;
});
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("fit").addEventListener("click", () => { fit(); remember(); });
$("help").addEventListener("click", () => $("keys").showModal());
$("close").addEventListener("click", escape);
$("hide").addEventListener("click", () => hide([state.table], true));
$("related").addEventListener("click", () => showAround(state.around === state.table ? -1 : state.table));
$("all").addEventListener("click", () => hide([...state.hidden], false));
$("none").addEventListener("click", () => hide(tables.keys(), true));
$("view").addEventListener("change", () => {
  state.view = $("view").value;
  state.around = -1;
  layOut();
  fit();
  if (state.table >= 0 && !places.has(state.table)) choose(-1);
  buttons();
  remember();
});
for (const check of checks) {
  check.addEventListener("change", () => hide([+check.dataset.table], !check.checked));
}
for (const group of document.querySelectorAll("[data-group]")) {
  group.addEventListener("change", () => {
    const inside = group.closest("section").querySelectorAll("[data-table]");
    hide([...inside].map((one) => +one.dataset.table), !group.checked);
  });
}

const THEMES = ["auto", "light", "dark"];
let theme = "auto";
function paint() {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
}
// A file has no storage in some browsers, and where it has one it may be forbidden.
try { theme = THEMES.includes(localStorage.progyTheme) ? localStorage.progyTheme : "auto"; } catch { theme = "auto"; }
$("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  paint();
  try { localStorage.progyTheme = theme; } catch { /* then only this page has it */ }
});

$("save").addEventListener("click", () => {
  const copy = map.cloneNode(true);
  const [width, height] = [size[0] + 40, size[1] + 40];
  for (const [name, value] of Object.entries({ width, height, viewBox: `-20 -20 ${width} ${height}` })) copy.setAttribute(name, value);
  copy.querySelector("#world").removeAttribute("transform");
  copy.querySelector("#world").removeAttribute("class");
  for (const one of copy.querySelectorAll(".reach,.far,[style*=none]")) one.remove();
  for (const one of copy.querySelectorAll("a")) one.removeAttribute("href");
  const style = document.createElementNS(SVG, "style"), used = getComputedStyle(document.documentElement);
  const colours = [...document.querySelector("style").textContent.matchAll(/--(\w+):#/g)].map((one) => one[1]);
  const values = [...new Set(colours)].map((name) => `--${name}:${used.getPropertyValue(`--${name}`)}`).join(";");
  style.textContent = `:root{${values};background:var(--paper)}${[...document.styleSheets[0].cssRules]
    .filter((rule) => /^(text|\.[a-z]\w?[ {,.])/.test(rule.cssText)).map((rule) => rule.cssText).join("")}`;
  copy.prepend(style);
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "schema.svg";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});

// On paper the picture is whole, whatever part of it the screen shows.
const screenBox = () => { map.removeAttribute("viewBox"); move(); };
addEventListener("beforeprint", () => {
  map.setAttribute("viewBox", `-20 -20 ${size[0] + 40} ${size[1] + 40}`);
  world.removeAttribute("transform");
  world.classList.remove("small", "dim");
});
addEventListener("afterprint", () => { screenBox(); mark(); });
addEventListener("resize", () => { if (state.camera === null) fit(); });

overviewNames();
comments();
paint();
screenBox();
follow();
})();
