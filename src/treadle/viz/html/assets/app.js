// The page's state and everything that changes it: which view, what is open, what is selected.
//
// Each change lays the picture out again; what was under the pointer stays where it was.

import { find } from "./dom.js";
import { layerDetails, nodeDetails } from "./details.js";
import { layOut } from "./layout.js";
import { keyRows, legendRows } from "./legend.js";
import { makeMeasure } from "./measure.js";
import { makeMinimap } from "./minimap.js";
import { drawScene } from "./picture.js";
import { ROOT, buildScene, clusterPath } from "./scene.js";
import { makeStage } from "./stage.js";

const READABLE = 0.55;

export function makeApp(doc, onmode) {
  const app = { doc, view: null, mode: null, open: new Set(), selected: null, scene: null };
  let minimap = null;
  app.stage = makeStage(find("stage"), () => minimap && minimap.paint());
  minimap = makeMinimap(find("minimap"), app.stage);
  const measure = makeMeasure(doc.looks, (box) => boxText(app.view, box));
  const reads = (node) => app.mode.parts.includes(node.part);
  app.shows = (node) => reads(node) || (app.mode.border && borderOf(app).has(node));

  app.setMode = (mode) => {
    const isNew = app.view !== doc.views[mode.view];
    [app.mode, app.view] = [mode, doc.views[mode.view]];
    if (isNew) app.open = new Set(app.view.clusters.flatMap((cluster, index) => (cluster.open ? [index] : [])));
    app.border = null;
    app.refresh();
    app.select(null);
    app.stage.fit(READABLE);
    onmode(mode);
  };

  app.refresh = (anchor) => {
    const before = anchor && app.scene && placeOf(app, anchor);
    app.scene = layOut(buildScene(app.view, (cluster) => app.open.has(cluster), app.shows, reads), measure);
    const { width, height } = app.scene.root;
    app.stage.show(drawScene(app.scene, doc.looks), { width: Math.max(1, width), height: Math.max(1, height) });
    const after = before && placeOf(app, anchor);
    if (after) app.stage.pan((before.left - after.left) * app.stage.scale, (before.top - after.top) * app.stage.scale);
    minimap.show(app.scene);
    find("legend-rows").replaceChildren(...legendRows(doc, app.scene));
    mark(app);
  };

  app.toggle = (cluster) => {
    if (app.open.has(cluster)) app.open.delete(cluster);
    else app.open.add(cluster);
    app.refresh(cluster);
    const own = (box) => box.cluster === cluster || box.members.some((index) => clusterPath(app.view, app.view.nodes[index].cluster).includes(cluster));
    app.select([...app.scene.boxes.values()].find(own) || null);
  };

  app.setAll = (open) => {
    app.open = new Set(open ? app.view.clusters.keys() : []);
    app.refresh();
    app.select(null);
    app.stage.fit(READABLE);
  };

  app.select = (box) => {
    app.selected = box ? box.id : null;
    mark(app);
    const panel = find("details");
    panel.replaceChildren(...(box ? detailsOf(app, box) : []));
    panel.hidden = !box;
    showMarks(panel);
    app.stage.covered = box && panel.offsetLeft > 0 ? panel.offsetWidth : 0;
    document.body.classList.toggle("with-details", Boolean(box));
  };

  /** Opens what hides a node, selects it, and moves it into sight. */
  app.go = (index) => {
    if (!app.shows(app.view.nodes[index])) app.setMode(doc.modes.find((mode) => mode.view === app.mode.view && mode.parts.length > 1) || app.mode);
    const hidden = clusterPath(app.view, app.view.nodes[index].cluster).filter((cluster) => !app.open.has(cluster));
    hidden.forEach((cluster) => app.open.add(cluster));
    if (hidden.length) app.refresh();
    const box = app.scene.boxes.get(`n${index}`);
    app.select(box);
    app.stage.centreOn(box.left + box.width / 2, box.top + box.height / 2);
    focusBox(box.id);
  };

  find("key-rows").replaceChildren(...keyRows());
  app.boxOf = (element) => app.scene.boxes.get(element.dataset.id);
  return app;
}

/** Long lines are moved so far that the marked place is to be seen. */
function showMarks(panel) {
  for (const marked of panel.querySelectorAll("mark")) {
    const excerpt = marked.closest("pre");
    const [own, around] = [marked.getBoundingClientRect(), excerpt.getBoundingClientRect()];
    if (own.right > around.right) excerpt.scrollLeft += own.left - around.left - around.width / 3;
  }
}

export function focusBox(id) {
  const element = find("stage").querySelector(`.box[data-id="${CSS.escape(id)}"]`);
  if (element) element.focus({ preventScroll: true });
}

/** The nodes of other parts that the shown part reads: the border of the backward part. */
function borderOf(app) {
  if (!app.border) {
    const inside = app.view.nodes.filter((node) => app.mode.parts.includes(node.part));
    const read = inside.flatMap((node) => node.wires.filter((wire) => !["link", "aside"].includes(wire.role)).map((wire) => app.view.nodes[wire.from]));
    app.border = new Set(read);
  }
  return app.border;
}

function placeOf(app, cluster) {
  return app.scene.frames.get(cluster) || [...app.scene.boxes.values()].find((box) => box.cluster === cluster);
}

function boxText(view, box) {
  if (box.cluster === undefined) {
    const node = view.nodes[box.index];
    return { lines: node.label.split("\n"), kind: node.kind, opens: false };
  }
  const cluster = view.clusters[box.cluster];
  const face = cluster.faces[box.part];
  return { lines: face.label.split("\n"), kind: face.kind, opens: true };
}

function detailsOf(app, box) {
  return box.cluster === undefined
    ? nodeDetails(app.doc, app.view, box.index, app.go)
    : layerDetails(app.doc, app.view, box, app.go, () => app.toggle(box.cluster));
}

/** Marks the selected box and every arrow that touches it. */
function mark(app) {
  const stage = find("stage");
  for (const element of stage.querySelectorAll(".selected, .near")) element.classList.remove("selected", "near");
  for (const element of stage.querySelectorAll('.box[tabindex="0"]')) element.setAttribute("tabindex", -1);
  const boxes = [...stage.querySelectorAll(".boxes .box")];
  const current = boxes.find((element) => element.dataset.id === app.selected);
  if (current) current.classList.add("selected");
  const entry = current || boxes[0];
  if (entry) entry.setAttribute("tabindex", 0);
  if (!current) return;
  const lines = [...stage.querySelectorAll(".net, .arrow")];
  for (const element of lines) {
    if (element.dataset.from === app.selected || element.dataset.to === app.selected) element.classList.add("near");
  }
  [...app.scene.nets.values()].forEach((net, order) => {
    if ([...net.to].some((box) => box.id === app.selected)) stage.querySelectorAll(".net")[order].classList.add("near");
  });
}

/** The frame around a box, or null at the top. */
export function around(app, box) {
  return box && box.home.cluster !== ROOT ? box.home.cluster : null;
}
