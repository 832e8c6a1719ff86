/** Style of the flame graph's page. */
export const FLAME_STYLE = `
:root { color-scheme: light; --line: #dfe3ea; --quiet: #5b6472; }
* { box-sizing: border-box; }
body { margin: 0; background: #fbfbfd; color: #1c2129; font: 14px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header { padding: 20px 24px 12px; }
h1 { margin: 0; font-size: 20px; font-weight: 650; letter-spacing: -0.01em; }
header p { margin: 2px 0 12px; color: var(--quiet); font-variant-numeric: tabular-nums; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
input, .tools button { font: inherit; padding: 5px 10px; border: 1px solid #c6ccd6; border-radius: 6px; background: #fff; color: inherit; }
input { width: 300px; max-width: 100%; }
.tools button { cursor: pointer; }
output { color: var(--quiet); font-variant-numeric: tabular-nums; }
#legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 0; padding: 0; list-style: none; color: var(--quiet); font-size: 13px; }
#legend i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; border-radius: 3px; vertical-align: -1px; }
#graph { position: relative; margin: 0 24px 64px; border-top: 1px solid var(--line); }
#graph button { position: absolute; height: 20px; margin: 0; padding: 0 4px; border: 0; border-right: 1px solid #fbfbfd; border-radius: 2px;
  overflow: hidden; text-align: left; text-overflow: ellipsis; white-space: nowrap; color: #1c2129; cursor: pointer;
  font: 12px/20px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
#graph button.thin { padding: 0; }
#graph button:hover { filter: brightness(0.93); }
#graph button.above { opacity: 0.55; }
#graph.searching button:not(.hit) { background: #eceef2 !important; color: #8a92a0; }
:focus-visible { outline: 2px solid #1d5fd1; outline-offset: 1px; z-index: 1; }
footer { position: fixed; inset: auto 0 0; padding: 8px 24px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  background: #fff; border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; }
footer b { font-weight: 650; }
`;

/**
 * Script of the flame graph's page: draws the frames of the selected part and handles pointer and keys.
 *
 * Frames are buttons, so that focus, Enter and screen readers work as everywhere; one of them is in the tab order. Only
 * what is at least a third of a pixel wide becomes an element.
 */
export const FLAME_SCRIPT = `
"use strict";
const ROW_PX = 21;
const COLOURS = { app: [32, 92, 71], dependency: [212, 78, 79], node: [146, 42, 75], gc: [350, 82, 80], native: [225, 10, 86] };
const WORDS = { app: "this program", dependency: "node_modules", node: "Node", gc: "garbage collection", native: "native and system" };
const byId = (id) => document.getElementById(id);
const graph = byId("graph"), detail = byId("detail"), search = byId("search"), found = byId("found");
const { unit, kinds, texts, frames: rows } = JSON.parse(byId("data").textContent);
const frames = layOut(rows);
const root = frames[0];
let zoomed = root, current = root, buttons = new Map();

function layOut(rows) {
  const path = [];
  return rows.map(([depth, name, place, kind, self, total], index) => {
    const parent = path[depth - 1] || null;
    const frame = { index, depth, parent, name: texts[name], place: texts[place], kind: kinds[kind], self, total,
      children: [], start: parent ? parent.next : 0, next: 0 };
    if (depth === 0) frame.name = "all";
    frame.next = frame.start;
    if (parent) { parent.children.push(frame); parent.next += total; }
    path[depth] = frame;
    return frame;
  });
}

function colour(frame) {
  const [hue, saturation, lightness] = COLOURS[frame.kind];
  let hash = 0; // of the file, so that files differ a little
  for (const character of frame.place.split(":")[0]) hash = (hash * 31 + character.charCodeAt(0)) % 997;
  return "hsl(" + hue + " " + saturation + "% " + (lightness + (hash % 7) - 3) + "%)";
}

function draw() {
  const widthPx = graph.clientWidth || 1;
  const span = zoomed.total || 1;
  const above = new Set();
  for (let frame = zoomed.parent; frame; frame = frame.parent) above.add(frame);
  buttons = new Map();
  const fragment = document.createDocumentFragment();
  let depth = 0;
  const left = [root];
  while (left.length > 0) {
    const frame = left.pop();
    const isAbove = above.has(frame);
    const leftShare = isAbove ? 0 : (frame.start - zoomed.start) / span;
    const share = isAbove ? 1 : frame.total / span;
    if (!isAbove && (leftShare < -1e-9 || leftShare > 1 - 1e-9 && frame !== zoomed || share * widthPx < 0.33)) continue;
    fragment.append(toButton(frame, leftShare, share, widthPx, isAbove));
    depth = Math.max(depth, frame.depth + 1);
    const next = isAbove ? frame.children.filter((child) => child === zoomed || above.has(child)) : frame.children;
    for (let i = next.length - 1; i >= 0; i--) left.push(next[i]);
  }
  graph.replaceChildren(fragment);
  graph.style.height = depth * ROW_PX + "px";
  if (!buttons.has(current)) current = zoomed;
  buttons.get(current).tabIndex = 0;
  showFound();
}

function toButton(frame, leftShare, share, widthPx, isAbove) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = share * widthPx < 14 ? "" : frame.name;
  button.title = describe(frame);
  button.tabIndex = -1;
  button.setAttribute("role", "treeitem");
  button.setAttribute("aria-level", String(frame.depth + 1));
  button.setAttribute("aria-label", describe(frame));
  button.className = (isAbove ? "above" : "") + (share * widthPx < 14 ? " thin" : "");
  button.style.cssText = "left:" + leftShare * 100 + "%;width:" + share * 100 + "%;top:" + frame.depth * ROW_PX + "px;background:" + colour(frame);
  button.dataset.frame = String(frame.index);
  buttons.set(frame, button);
  return button;
}

function amount(value) {
  const share = root.total === 0 ? 0 : (value / root.total) * 100;
  const figure = unit === "us" ? (value / 1000).toFixed(value < 10000 ? 2 : 1) + " ms" : (value / 1024).toFixed(value < 10240 ? 2 : 1) + " KiB";
  return figure + " (" + share.toFixed(1) + " %)";
}

function describe(frame) {
  return frame.name + (frame.place ? ", " + frame.place : "") + ", total " + amount(frame.total) + ", self " + amount(frame.self);
}

function show(frame) {
  const name = document.createElement("b");
  name.textContent = frame.name;
  detail.replaceChildren(name, " \\u2003total " + amount(frame.total) + " \\u2003self " + amount(frame.self) + " \\u2003" + (frame.place || WORDS[frame.kind]));
}

function zoom(frame) {
  zoomed = frame;
  current = frame;
  draw();
  focus(frame);
}

function focus(frame) {
  const button = buttons.get(frame);
  if (!button) return;
  buttons.get(current).tabIndex = -1;
  current = frame;
  button.tabIndex = 0;
  button.focus();
  show(frame);
}

function showFound() {
  const term = search.value.trim().toLowerCase();
  graph.classList.toggle("searching", term !== "");
  if (term === "") return void (found.textContent = "");
  const isHit = (frame) => frame.name.toLowerCase().includes(term) || frame.place.toLowerCase().includes(term);
  let calls = 0, total = 0;
  const inHit = new Set(); // a hit within a hit is already in its total
  for (const frame of frames) {
    const hit = isHit(frame);
    if (hit) calls++;
    if (hit && !inHit.has(frame.parent)) total += frame.total;
    if (hit || inHit.has(frame.parent)) inHit.add(frame);
    const button = buttons.get(frame);
    if (button) button.classList.toggle("hit", hit);
  }
  found.textContent = calls + " frames, " + amount(total);
}

function siblings(frame) {
  return (frame.parent ? frame.parent.children : [frame]).filter((other) => buttons.has(other));
}

const MOVES = {
  ArrowDown: (frame) => frame.children.find((child) => buttons.has(child)),
  ArrowUp: (frame) => frame.parent,
  ArrowLeft: (frame) => siblings(frame)[siblings(frame).indexOf(frame) - 1],
  ArrowRight: (frame) => siblings(frame)[siblings(frame).indexOf(frame) + 1],
};

const frameOf = (event) => frames[Number(event.target.dataset.frame ?? -1)];
graph.addEventListener("click", (event) => { const frame = frameOf(event); if (frame) zoom(frame); });
graph.addEventListener("pointerover", (event) => { const frame = frameOf(event); if (frame) show(frame); });
graph.addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  const target = move(current);
  if (target) focus(target);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  if (event.key === "Escape") { search.value = ""; zoom(root); }
});
search.addEventListener("input", showFound);
byId("reset").addEventListener("click", () => { search.value = ""; zoom(root); });
addEventListener("resize", draw);

for (const kind of kinds) {
  const self = frames.reduce((sum, frame) => sum + (frame.kind === kind ? frame.self : 0), 0);
  if (self === 0) continue;
  const item = document.createElement("li"), swatch = document.createElement("i");
  const [hue, saturation, lightness] = COLOURS[kind];
  swatch.style.background = "hsl(" + hue + " " + saturation + "% " + lightness + "%)";
  item.append(swatch, WORDS[kind] + " " + ((self / (root.total || 1)) * 100).toFixed(1) + " %");
  byId("legend").append(item);
}
draw();
`;
