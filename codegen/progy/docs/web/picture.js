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

