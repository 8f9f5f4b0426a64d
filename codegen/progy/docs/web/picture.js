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
  // A name that the picture cuts is whole in its title.
  const rows = [...box.querySelectorAll(".c,.p")].map((text) => ({ text, name: (text.querySelector("title") ?? text).textContent }));
  return { name: article.querySelector("h2").textContent, about, columns, rows, article, box, x, y,
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
const WIDE = 1600; // the same for paper, in pixels of the whole picture

function title(element, words) {
  if (!words) return;
  const own = [...element.children].find((one) => one.localName === "title");
  const one = own ?? document.createElementNS(SVG, "title");
  one.textContent = own ? `${own.textContent}\n${words}` : words;
  if (!own) element.append(one);
}

function comments() {
  for (const table of tables) {
    // The link is called what stands in it: a title of its own, or of its text, would take the name's place.
    const name = table.box.querySelector(".n title")?.textContent;
    for (const shape of table.box.querySelectorAll(".b,.h")) {
      shape.setAttribute("aria-hidden", "true");
      title(shape, [name, table.about].filter(Boolean).join("\n"));
    }
    const about = new Map(table.columns.map((column) => [column.name, column.about]));
    for (const { text, name } of table.rows) title(text, about.get(name));
  }
}

// A line is thin; what answers to the pointer is wider.
const reaches = lines.map((line) => {
  const reach = document.createElementNS(SVG, "path");
  reach.setAttribute("class", "reach");
  reach.setAttribute("aria-hidden", "true");
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
    table.check.disabled = !places.has(one);
    table.check.parentElement.classList.toggle("out", !places.has(one));
  });
  const ways = new Map(paths);
  lines.forEach((line, one) => {
    const visible = ways.has(one) && data.relations[one].every((end) => seen.has(end));
    for (const path of [line, reaches[one]]) {
      path.style.display = visible ? "" : "none";
      if (visible) path.setAttribute("d", ways.get(one));
    }
  });
  if (!seen.has(current)) current = nearest();
  offer();
  for (const group of document.querySelectorAll("[data-group]")) {
    const inside = [...group.closest("section").querySelectorAll("[data-table]")];
    group.checked = inside.some((one) => one.checked);
    group.disabled = inside.every((one) => one.disabled);
    group.indeterminate = group.checked && inside.some((one) => !one.checked);
  }
  rove();
  mark();
}

const middle = (one) => [places.get(one)[0] + tables[one].width / 2, places.get(one)[1] + tables[one].height / 2];

// The shown table that is nearest to the current one, which isn't.
function nearest() {
  if (!places.has(current)) return shown[0] ?? 0;
  const [x, y] = middle(current);
  const far = (one) => Math.hypot(middle(one)[0] - x, middle(one)[1] - y);
  return shown.reduce((best, one) => (best < 0 || far(one) < far(best) ? one : best), -1);
}

// What is shown stands in the list of views, also where it is a table and its neighbours.
const nearby = document.createElement("option");
function offer() {
  if (state.around < 0) {
    nearby.remove();
    $("view").value = state.view;
    return;
  }
  nearby.textContent = `${tables[state.around].name} and its neighbours`;
  $("view").append(nearby);
  nearby.selected = true;
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
  const seeks = state.q && document.activeElement === q;
  const at = hover >= 0 ? hover : seeks ? -1 : state.table;
  if (at >= 0) [near, over] = related(at);
  else if (state.q) near = new Set(hits.map((hit) => hit.table));
  world.classList.toggle("dim", near !== null);
  tables.forEach((table, one) => {
    table.box.classList.toggle("on", near !== null && near.has(one));
    table.box.classList.toggle("now", one === at);
  });
  lines.forEach((line, one) => light(line, over.has(one)));
}

// A line that is lit lies above those that share its way.
function light(line, on) {
  line.classList.toggle("on", on);
  if (on) world.insertBefore(line, boxes[0]);
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

