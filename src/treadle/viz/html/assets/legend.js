// The legend: the kinds of boxes, arrows and borders that are in the view, and no others; and the keys.

import { draw, make } from "./dom.js";
import { outline } from "./shapes.js";

const KEYS = [
  ["drag, arrows", "move"], ["wheel, + −", "zoom"], ["0", "fit"], ["/", "search"],
  ["Tab, then arrows", "from box to box"], ["Enter", "open a layer, or details"], ["C", "close the layer around"], ["Esc", "unselect"],
];
const PARTS = ["forward", "backward", "second", "update"];

export function legendRows(doc, scene) {
  const boxes = [...scene.boxes.values()];
  const kinds = new Set(boxes.map((box) => box.kind));
  const roles = new Set([...scene.nets.values(), ...scene.loose.values()].map((arrow) => arrow.role));
  const parts = new Set(boxes.map((box) => box.part));
  return [
    ...Object.keys(doc.looks).filter((kind) => kinds.has(kind)).map((kind) => row(kindSample(doc.looks[kind], kind, "forward"), doc.looks[kind].words)),
    ...(parts.size > 1 ? [...parts].sort().map((part) => row(kindSample({ shape: "box", corners: "rounded" }, "VIEW", PARTS[part]), `${doc.parts[part]} part`)) : []),
    ...Object.keys(doc.roles).filter((role) => roles.has(role)).map((role) => row(arrowSample(role), doc.roles[role])),
  ];
}

export function keyRows() {
  return KEYS.map(([keys, words]) => make("div", { class: "row" }, make("kbd", {}, keys), make("span", {}, words)));
}

function row(sample, words) {
  return make("div", { class: "row" }, draw("svg", { width: 40, height: 22, viewBox: "0 0 40 22", "aria-hidden": "true" }, sample), make("span", {}, words));
}

function kindSample(look, kind, part) {
  const group = draw("g", { class: `box ${part}${look.bold ? " bold" : ""}${look.dashed ? " dashed" : ""}`, "data-kind": kind, transform: "translate(3 2)" });
  group.append(draw("path", { class: "outline", d: outline(look, 34, 18) }));
  return group;
}

function arrowSample(role) {
  const group = draw("g", { class: `net arrow ${role}` });
  group.append(draw("path", { class: "line", d: "M2 11H30" }), draw("path", { class: "head", d: "M38 11L29 7V15Z" }));
  return group;
}
