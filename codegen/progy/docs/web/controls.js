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
  // A button may have been released where the picture doesn't hear of it.
  if (event.pointerType === "mouse" && !event.buttons) lift(event);
  const last = fingers.get(event.pointerId);
  if (!last) {
    const line = reaches.indexOf(event.target);
    lines.forEach((one, at) => { const on = at === line || lit(at); if (on !== one.classList.contains("on")) light(one, on); });
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
  const at = tableAt(event.target);
  if (event.pointerType === "touch" || fingers.size || at === hover) return;
  hover = at;
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
  if (event.target.matches?.(".skip")) {
    event.preventDefault();
    return shown.length && tables[current].box.focus({ preventScroll: true });
  }
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
  if (event.altKey || event.ctrlKey || event.metaKey || $("guide").open) return;
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
  else if (event.key === "?") $("guide").showModal();
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") { fit(); remember(); }
  else if (event.key === "r" && (one >= 0 || state.around >= 0)) showAround(state.around >= 0 ? -1 : one);
  else if (event.key === "h" && one >= 0) hide([one], true);
  else return;
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
$("help").addEventListener("click", () => $("guide").showModal());
$("close").addEventListener("click", escape);
$("hide").addEventListener("click", () => hide([state.table], true));
$("related").addEventListener("click", () => showAround(state.around === state.table ? -1 : state.table));
$("all").addEventListener("click", () => hide([...state.hidden], false));
$("none").addEventListener("click", () => hide(tables.keys(), true));
$("view").addEventListener("change", () => {
  if (nearby.selected) return;
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
  world.classList.toggle("small", size[0] > WIDE);
  world.classList.remove("dim");
});
addEventListener("afterprint", () => { screenBox(); mark(); });
let [across, down] = [innerWidth, innerHeight];
addEventListener("resize", () => {
  if (state.camera === null) fit();
  else {
    // What is in the middle stays there.
    camera.x += (innerWidth - across) / 2;
    camera.y += (innerHeight - down) / 2;
    move();
  }
  [across, down] = [innerWidth, innerHeight];
});

comments();
paint();
screenBox();
follow();
