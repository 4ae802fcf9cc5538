// The picture as SVG elements. Input: a laid-out scene. Output: one group; elements know their boxes by `data-id`.

import { draw } from "./dom.js";
import { LINE } from "./measure.js";
import { loosePath, netHeads, netLabel, netPath } from "./route.js";
import { outline, shapeOf } from "./shapes.js";

const PARTS = ["forward", "backward", "second", "update"];

export function drawScene(scene, looks) {
  const layers = ["frames", "loose", "nets", "boxes", "titles", "labels"].map((name) => draw("g", { class: name }));
  const [frames, loose, nets, boxes, titles, labels] = layers;
  for (const frame of outermostFirst(scene.root)) {
    const cluster = scene.view.clusters[frame.cluster];
    frames.append(drawFrame(frame, cluster));
    titles.append(drawTitle(frame, cluster));
  }
  for (const arrow of scene.loose.values()) loose.append(drawLoose(arrow));
  for (const net of scene.nets.values()) {
    nets.append(drawNet(net));
    const label = drawLabel(net);
    if (label) labels.append(label);
  }
  for (const box of scene.boxes.values()) boxes.append(drawBox(box, looks[box.kind]));
  return draw("g", { class: "picture" }, ...layers);
}

function* outermostFirst(frame) {
  for (const item of frame.items) {
    if (item.type !== "frame") continue;
    yield item;
    yield* outermostFirst(item);
  }
}

function drawFrame({ left, top, width, height }, cluster) {
  return draw("rect", { class: cluster.loop ? "frame loop" : "frame", x: left, y: top, width, height, rx: 6 });
}

/** A frame's name stands above the arrows that pass it. */
function drawTitle({ id, left, top }, cluster) {
  const text = draw("text", { x: 26, y: 16 }, cluster.label);
  return draw("g", { class: "title", "data-id": id, transform: `translate(${left} ${top})` }, sign(6, 5, false), text);
}

/** The square with + or − that opens or closes a layer. */
function sign(x, y, opens) {
  const bars = opens ? "M3 7H11M7 3V11" : "M3 7H11";
  return draw("g", { class: "sign", transform: `translate(${x} ${y})` },
    draw("title", {}, opens ? "open" : "close"), draw("rect", { width: 14, height: 14, rx: 3 }), draw("path", { d: bars }));
}

function drawBox(box, look) {
  const shape = shapeOf(look);
  const middle = (box.height + (shape.above || 0) - (shape.below || 0)) / 2;
  const centre = box.width / 2 + (box.opens ? 8 : 0);
  const first = middle - ((box.lines.length - 1) * LINE) / 2 + 4;
  const lines = box.lines.map((line, index) => draw("tspan", { x: centre, y: first + index * LINE }, line));
  return draw("g", {
    class: `box ${PARTS[box.part]}${look.bold ? " bold" : ""}${look.dashed ? " dashed" : ""}${box.opens ? " opens" : ""}`,
    "data-id": box.id, "data-kind": box.kind, transform: `translate(${box.left} ${box.top})`,
    tabindex: -1, role: "button", "aria-label": box.lines.join(", "),
  }, draw("path", { class: "outline", d: outline(look, box.width, box.height) }), box.opens ? sign(8, middle - 7, true) : null,
  draw("text", {}, ...lines));
}

function drawNet(net) {
  return draw("g", { class: `net ${net.role}`, "data-from": net.from.id },
    draw("path", { class: "line", d: netPath(net) }), draw("path", { class: "head", d: netHeads(net) }));
}

function drawLabel(net) {
  const place = net.label && netLabel(net);
  return place ? draw("text", { class: net.role, ...place }, net.label) : null;
}

function drawLoose(arrow) {
  const { line, head } = loosePath(arrow);
  return draw("g", { class: `arrow ${arrow.role}`, "data-from": arrow.from.id, "data-to": arrow.to.id },
    draw("path", { class: "line", d: line }), draw("path", { class: "head", d: head }));
}
