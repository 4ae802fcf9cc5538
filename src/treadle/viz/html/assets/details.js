// What is known about the selected box: spec line, operands, shape, gradient rule, kernel source.
//
// Input: the document, a view and a selection. Output: elements of the side panel. Links call `go(node index)`.

import { button, make } from "./dom.js";
import { clusterPath } from "./scene.js";

const CONTEXT = 1; // lines around the place in the spec
const MANY = 200;

export function nodeDetails(doc, view, index, go) {
  const node = view.nodes[index];
  return [
    make("h2", {}, node.label.replaceAll("\n", " ")),
    make("p", { class: "kind" }, subtitle(doc, view, node)),
    section("Result", node.type && make("code", {}, node.type), node.dims && make("p", { class: "quiet" }, node.dims)),
    section("Parameters", node.size && make("p", {}, `${grouped(node.size)} values`)),
    section("Spec", ...places(doc, node)),
    section("Operands", links(operands(view, node), go)),
    section("Read by", links(readers(view, index), go)),
    section("Gradient", links(linked(view, index), go)),
    section("Meaning", ...meaning(doc, node)),
    section("Gradient rule", ...rule(doc, node)),
    section("Kernel", ...kernels(doc, node)),
    section("Source", node.detail && make("pre", {}, node.detail)),
  ].filter(Boolean);
}

export function layerDetails(doc, view, box, go, toggle) {
  const cluster = view.clusters[box.cluster];
  const members = box.members.map((index) => ({ index, text: view.nodes[index].label.replaceAll("\n", " ") }));
  const parameters = box.members.reduce((sum, index) => sum + (view.nodes[index].size || 0), 0);
  return [
    make("h2", {}, box.lines.join(" ")),
    make("p", { class: "kind" }, `${cluster.words}, ${doc.parts[box.part]}`),
    make("p", {}, button("open", toggle)),
    section("Parameters", parameters && make("p", {}, `${grouped(parameters)} values`)),
    section("Holds", links(members, go)),
  ].filter(Boolean);
}

export const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");

function section(title, ...content) {
  const found = content.filter(Boolean);
  return found.length ? make("section", {}, make("h3", {}, title), ...found) : null;
}

function subtitle(doc, view, node) {
  const layers = clusterPath(view, node.cluster).map((at) => view.clusters[at]).filter((cluster) => !cluster.chain);
  const where = layers.length ? `, in ${layers.map((cluster) => cluster.label).join(" › ")}` : "";
  return `${doc.looks[node.kind].words}, ${doc.parts[node.part]}${where}`;
}

const isOperand = (wire) => wire.role !== "link" && wire.role !== "aside";

function operands(view, node) {
  return node.wires.filter(isOperand).map((wire) => ({
    index: wire.from, text: `${wire.name ? `${wire.name} = ` : ""}${plain(view, wire.from)}`, note: wire.label,
  }));
}

function readers(view, index) {
  const found = [];
  view.nodes.forEach((node, at) => {
    for (const wire of node.wires) {
      if (wire.from === index && isOperand(wire)) found.push({ index: at, text: plain(view, at), note: view.nodes[at].type });
    }
  });
  return found;
}

function linked(view, index) {
  const forward = view.nodes[index].wires.filter((wire) => wire.role === "link").map((wire) => wire.from);
  const backward = view.nodes.flatMap((node, at) => (node.wires.some((wire) => wire.role === "link" && wire.from === index) ? [at] : []));
  return [...forward.map((at) => ({ index: at, text: `of ${plain(view, at)}`, note: view.nodes[at].type })),
    ...backward.map((at) => ({ index: at, text: `computed by ${plain(view, at)}`, note: view.nodes[at].type }))];
}

const plain = (view, index) => view.nodes[index].label.split("\n")[0];

function links(entries, go) {
  if (!entries.length) return null;
  const rows = entries.slice(0, MANY).map(({ index, text, note }) =>
    make("li", {}, button(text, () => go(index), { class: "link" }), note ? make("code", {}, note) : null));
  if (entries.length > MANY) rows.push(make("li", {}, `and ${entries.length - MANY} more`));
  return make("ul", {}, ...rows);
}

/** The user's own line first, open; library lines on the way below it. */
function places(doc, node) {
  return (node.places || []).map((place, order) => {
    const { source, from, to } = doc.places[place];
    const name = doc.sources[source].name;
    const summary = make("summary", {}, `${name}, line ${from[0]}`);
    return make("details", { open: order === 0 }, summary, excerpt(doc.sources[source].lines, from, to));
  });
}

function excerpt(lines, from, to) {
  const rows = [];
  for (let number = from[0] - CONTEXT; number <= to[0] + CONTEXT; number++) {
    const text = lines[number];
    if (text === undefined) continue;
    const inside = number >= from[0] && number <= to[0];
    const [start, end] = inside ? [number === from[0] ? from[1] - 1 : 0, number === to[0] ? to[1] - 1 : Infinity] : [0, 0];
    const points = [...text];
    const words = [points.slice(0, start).join(""), points.slice(start, end).join(""), end === Infinity ? "" : points.slice(end).join("")];
    rows.push(make("span", { class: inside ? "line here" : "line" }, make("span", { class: "number" }, `${number} `), words[0],
      inside ? make("mark", {}, words[1]) : words[1], `${words[2]}\n`));
  }
  return make("pre", {}, ...rows);
}

function meaning(doc, node) {
  if (!node.op) return [];
  const op = doc.ops[node.op];
  const attributes = (node.attrs || []).map(([name, value]) => make("li", {}, make("code", {}, `${name} = ${value}`)));
  return [make("p", {}, make("code", {}, op.signature)), make("p", {}, op.doc), attributes.length ? make("ul", {}, ...attributes) : null];
}

function rule(doc, node) {
  if (node.rule === undefined) return [];
  const { lines, note } = doc.rules[node.rule];
  return [lines.length ? make("pre", { class: "formula" }, lines.join("\n")) : null, make("p", { class: "quiet" }, note)];
}

function kernels(doc, node) {
  const found = (node.kernels || []).map((index, order) => {
    const kernel = doc.kernels[index];
    return make("details", { open: order === 0 }, make("summary", {}, kernel.name), make("pre", {}, kernel.text));
  });
  if (node.kernelNote) found.unshift(make("p", { class: "quiet" }, node.kernelNote));
  if (node.kernels && doc.assumed) found.push(make("p", { class: "quiet" }, doc.assumed));
  return found;
}
