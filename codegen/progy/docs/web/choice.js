// --- What is chosen --------------------------------------------------------------------------------------------------

function say(words, { seen = false } = {}) {
  $("said").textContent = words;
  $("said").classList.toggle("sr", !seen);
}

function choose(at, { focus = false, zoomTo = 0 } = {}) {
  const was = state.table;
  state.table = at;
  if (at >= 0) {
    if (state.hidden.delete(at)) layOut();
    if (!places.has(at)) { state.view = ""; state.around = -1; layOut(); fit(); }
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
  layOut();
  fit();
  if (state.table >= 0 && !places.has(state.table)) choose(-1);
  buttons();
  remember();
  say(at >= 0 ? `Only what is related to ${tables[at].name}: ${shown.length} tables` : state.view || "Everything");
}

function hide(ones, hidden) {
  for (const one of ones) {
    if (hidden) state.hidden.add(one);
    else state.hidden.delete(one);
  }
  const focused = panel.contains(document.activeElement) || map.contains(document.activeElement);
  if (state.hidden.has(state.table)) choose(-1);
  layOut();
  if (state.camera === null || !shown.length) fit();
  // What had the focus may be gone.
  if (focused && shown.length) tables[current].box.focus({ preventScroll: true });
  remember();
  say(`${shown.length} of ${tables.length} tables are shown`);
}

function escape() {
  if (nav.classList.contains("open")) return closeMenu();
  if (!found.hidden) return closeFound();
  if (state.q && document.activeElement === q) return forget();
  if (state.table >= 0) {
    const at = state.table;
    choose(-1);
    return tables[at].box.focus({ preventScroll: true });
  }
  if (state.q) return forget();
  if (state.around >= 0) return showAround(-1);
  if (state.view) { state.view = ""; return showAround(-1); }
  if (state.hidden.size) hide([...state.hidden], false);
}

function forget() {
  q.value = "";
  look();
}

// --- Search ----------------------------------------------------------------------------------------------------------

const q = $("q"), found = $("found"), nav = $("side");
let hits = [], active = -1;

function search(words) {
  const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!sought.length) return [];
  const results = [];
  const weigh = (name, about, rest) => {
    const low = name.toLowerCase(), all = `${low} ${about.toLowerCase()}`, full = rest.label.toLowerCase();
    // A column is sought as `table.column`, too.
    if (!sought.every((word) => all.includes(word) || (word.includes(".") && full.includes(word)))) return;
    const rank = [low, full].includes(sought.join(" ")) ? 0 : low.startsWith(sought[0]) ? 1 : low.includes(sought[0]) ? 2 : 3;
    results.push({ ...rest, name, about, rank });
  };
  tables.forEach((table, at) => {
    weigh(table.name, table.about, { table: at, label: table.name, column: -1 });
    table.columns.forEach((column, one) => weigh(column.name, column.about,
      { table: at, label: `${table.name}.${column.name}`, column: one }));
  });
  return results.sort((a, b) => a.rank - b.rank || (a.column >= 0) - (b.column >= 0) || (a.rank === 1 && a.name.length - b.name.length));
}

const MOST = 40; // hits that are listed

function note(words) {
  const item = document.createElement("li");
  item.className = "note";
  item.setAttribute("role", "option");
  item.setAttribute("aria-disabled", "true");
  item.textContent = words;
  found.append(item);
}

function look() {
  state.q = q.value.trim();
  hits = search(state.q);
  active = hits.length ? 0 : -1;
  found.replaceChildren(...hits.slice(0, MOST).map((hit, at) => {
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
  if (state.q && !hits.length) note("Nothing found");
  if (hits.length > MOST) note(`${hits.length - MOST} more: type on to see them`);
  found.hidden = !state.q;
  q.setAttribute("aria-expanded", String(!found.hidden));
  const wanted = new Set(hits.filter((hit) => hit.column >= 0).map((hit) => hit.label));
  for (const table of tables) {
    for (const { text, name } of table.rows) text.classList.toggle("hit", wanted.has(`${table.name}.${name}`));
  }
  point();
  mark();
  remember();
  say(state.q ? `${hits.length} found` : "");
}

function point() {
  [...found.children].forEach((item, at) => {
    if (item.matches(".note")) return;
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
q.addEventListener("focus", () => {
  if (!state.q) return;
  found.hidden = false;
  q.setAttribute("aria-expanded", "true");
  point();
  mark();
});
q.addEventListener("blur", () => { closeFound(); mark(); });
q.addEventListener("keydown", (event) => {
  if (event.key === "Enter") take(active);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const count = Math.min(hits.length, MOST);
    if (!count) return;
    active = (active + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
    point();
  } else return;
  event.preventDefault();
});

// --- The address -----------------------------------------------------------------------------------------------------

let own = location.hash, waiting = 0;
let stay = ""; // what the address says but for the search and the place: a change of it is a step one can go back

function address() {
  const said = new URLSearchParams();
  if (state.table >= 0) said.set("table", tables[state.table].name);
  if (state.view) said.set("view", state.view);
  if (state.around >= 0) said.set("around", tables[state.around].name);
  for (const one of [...state.hidden].sort((a, b) => a - b)) said.append("hide", tables[one].name);
  const step = String(said);
  if (state.q) said.set("q", state.q);
  if (state.camera) {
    // The middle and the scale: what other screens can show as well.
    const { width, height } = frame();
    said.set("at", [(width / 2 - camera.x) / camera.k, (height / 2 - camera.y) / camera.k, camera.k * 100]
      .map(Math.round).join(","));
  }
  return [String(said), step];
}

// Browsers allow few changes of the address in a short time.
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(write, 150);
}

function write() {
  clearTimeout(waiting);
  const [said, step] = address();
  own = said && `#${said}`;
  history[step === stay ? "replaceState" : "pushState"](null, "", own || location.pathname + location.search);
  own = location.hash;
  stay = step;
}

function follow() {
  const linked = byAnchor.get(location.hash.slice(1)) ?? -1;
  const said = new URLSearchParams(linked >= 0 ? "" : location.hash.slice(1));
  const at = (name) => byName.get(said.get(name)) ?? -1;
  const gone = ["table", "around", "hide"].flatMap((one) => said.getAll(one)).filter((name) => !byName.has(name));
  state.view = Object.hasOwn(data.views, said.get("view") ?? "") ? said.get("view") : "";
  state.around = at("around");
  state.hidden = new Set(said.getAll("hide").map((name) => byName.get(name)).filter((one) => one !== undefined));
  state.camera = null;
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
  if (said.get("view") && !state.view) gone.push(said.get("view"));
  if (gone.length) say(`Not here any more: ${gone.map((name) => name.slice(0, 60)).join(", ")}`, { seen: true });
  // Where a link leads isn't a step.
  stay = address()[1];
}

// What is yet to be written would be lost on the way.
addEventListener("hashchange", () => { if (location.hash !== own) { clearTimeout(waiting); follow(); } });
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, () => { if (!$("said").matches(".sr")) say(""); }, true);
}

