// The keyboard: everything that the pointer can do.

import { find } from "./dom.js";
import { around, focusBox } from "./app.js";

const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const STEP = 60;
const ZOOM = 1.25;

export function connectKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const onBox = event.target.closest(".box");
    const done = WAYS[event.key] ? walk(app, onBox, WAYS[event.key]) : act(app, onBox, event);
    if (done) event.preventDefault();
  });
}

function act(app, onBox, event) {
  const box = onBox ? app.boxOf(onBox) : app.scene.boxes.get(app.selected);
  switch (event.key) {
    case "+": case "=": app.stage.zoom(ZOOM); return true;
    case "-": app.stage.zoom(1 / ZOOM); return true;
    case "0": app.stage.fit(); return true;
    case "/": find("search").focus(); return true;
    case "Escape": app.select(null); return true;
    case "c": case "C": return close(app, box);
    case "Enter": case " ":
      if (!onBox) return false;
      if (box.cluster === undefined) app.select(box);
      else app.toggle(box.cluster);
      if (app.selected) focusBox(app.selected);
      return true;
    default: return false;
  }
}

function close(app, box) {
  const cluster = around(app, box);
  if (cluster === null) return false;
  app.toggle(cluster);
  if (app.selected) focusBox(app.selected);
  return true;
}

/** From a box to the nearest one in a direction; without a box, the picture moves. */
function walk(app, onBox, [dx, dy]) {
  if (!onBox) {
    app.stage.pan(-dx * STEP, -dy * STEP);
    return true;
  }
  const next = nearest(app, app.boxOf(onBox), dx, dy);
  if (!next) return true;
  app.select(next);
  if (!app.stage.shows(next)) app.stage.centreOn(next.left + next.width / 2, next.top + next.height / 2);
  focusBox(next.id);
  return true;
}

function nearest(app, from, dx, dy) {
  const centre = (box) => [box.left + box.width / 2, box.top + box.height / 2];
  const [x, y] = centre(from);
  let [best, least] = [null, Infinity];
  for (const box of app.scene.boxes.values()) {
    const [u, v] = centre(box);
    const along = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    if (along <= 1 || box === from) continue;
    const cost = along + 2 * aside;
    if (cost < least) [best, least] = [box, cost];
  }
  return best;
}
