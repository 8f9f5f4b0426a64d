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

