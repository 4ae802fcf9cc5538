// The whole layout: frames from the inside out, then places on the page from the outside in.
//
// Input: a scene and a function that measures labels. Output: `x`, `y`, `width`, `height` on boxes and frames, and
// `pieces` on nets: stretches that are straight in a row and curved between two rows.

import { assignRanks } from "./rank.js";
import { buildRows } from "./rows.js";
import { orderRows } from "./order.js";
import { placeRows, pin } from "./place.js";

const PAD = 12;
const HEADER = 24;
const LABEL_ROOM = 10;
const AROUND = 18; // how far an arrow against the order passes boxes
const PIN = 14; // room for an arrow without a label
const GAP = { least: 34, most: 88, perPixel: 0.09 };

export function layOut(scene, measure) {
  for (const box of scene.boxes.values()) Object.assign(box, measure.box(box));
  reserveLabels(scene, measure);
  layOutFrame(scene.root, measure, scene);
  moveTo(scene.root, 0, 0);
  for (const net of scene.nets.values()) net.pieces = net.pieces.map(({ frame, hop }) => piece(frame, hop));
  return scene;
}

/** A box is wide enough for the labels of what leaves it, which stand right of its pins. */
function reserveLabels(scene, measure) {
  const leaving = new Map();
  for (const net of scene.nets.values()) {
    net.labelWidth = net.label ? measure.label(net.label) + LABEL_ROOM : 0;
    leaving.set(net.from, [...(leaving.get(net.from) || []), net.labelWidth]);
  }
  for (const [box, widths] of leaving) {
    if (widths.length === 1) box.reach = widths[0];
    else box.width = Math.max(box.width, widths.reduce((sum, width) => sum + Math.max(width, PIN), 0));
  }
}

function layOutFrame(frame, measure, scene) {
  for (const item of frame.items) if (item.type === "frame") layOutFrame(item, measure, scene);
  for (const item of frame.items) if (item.type === "port") Object.assign(item, { width: 0, height: 0 });
  const edges = [...frame.edges.values()];
  const cyclic = assignRanks(frame.items, edges, frame.soft);
  for (const { a, b, net } of cyclic) net.pieces.push({ frame, hop: { a, b, net, cyclic: true } });
  const { rows, hops } = buildRows(frame.items, edges.filter((edge) => !cyclic.has(edge)));
  orderRows(rows, hops);
  placeRows(rows);
  spreadPins(frame);
  setHeights(frame, rows, hops);
  setWidth(frame, rows, measure, scene);
  for (const hop of hops) hop.net.pieces.push({ frame, hop });
}

/** Several nets at one side of a plain box get places of their own, in the order of where they go. */
function spreadPins(frame) {
  for (const item of frame.items) {
    if (item.type !== "box") continue;
    item.pins = { top: spread(item, item.up, "a"), bottom: spread(item, item.down, "b") };
  }
}

function spread(box, hops, end) {
  const ends = new Map();
  for (const hop of hops) ends.set(hop.net, [...(ends.get(hop.net) || []), hop[end].x + pin(hop[end], hop, end === "a" ? "bottom" : "top")]);
  const nets = [...ends].map(([net, xs]) => ({ net, x: xs.reduce((p, q) => p + q) / xs.length }));
  nets.sort((p, q) => p.x - q.x);
  if (nets.length === 1) return new Map([[nets[0].net.key, box.width / 2]]);
  const rooms = nets.map(({ net }) => (net.from === box ? Math.max(net.labelWidth, PIN) : PIN));
  const slack = (box.width - rooms.reduce((sum, room) => sum + room, 0)) / (nets.length + 1);
  let x = 0;
  return new Map(nets.map(({ net }, i) => {
    const place = x + slack + Math.min(rooms[i], PIN) / 2;
    x += slack + rooms[i];
    return [net.key, place];
  }));
}

function setHeights(frame, rows, hops) {
  const isRoot = !frame.home;
  let y = isRoot ? 0 : HEADER;
  rows.forEach((row, rank) => {
    const height = Math.max(0, ...row.map((item) => item.height || 0));
    const isEdge = row.every((item) => item.type === "port" || item.type === "bend");
    row.top = rank === 0 && !isRoot && row.length ? 0 : y;
    row.bottom = row.top + height;
    for (const item of row) Object.assign(item, { row, y: row.top + (height - (item.height || 0)) / 2 });
    if (row.length || rank) y = Math.max(y, row.bottom) + (isEdge && !row.length ? 0 : gapBelow(rank, hops));
  });
  const last = rows[rows.length - 1];
  frame.height = last.bottom + (isRoot ? 0 : last.some((item) => item.type === "port") ? 0 : PAD);
}

/** Room below a row: more where an arrow goes far to the side, so that it stays a curve. */
function gapBelow(rank, hops) {
  let far = 0;
  for (const { a, b, net } of hops) {
    if (a.rank === rank) far = Math.max(far, Math.abs(a.x + pin(a, { net }, "bottom") - b.x - pin(b, { net }, "top")));
  }
  return Math.min(GAP.most, GAP.least + GAP.perPixel * far);
}

function setWidth(frame, rows, measure, scene) {
  const items = rows.flat();
  const low = Math.min(...items.map((item) => item.x - (item.width || 0) / 2));
  const high = Math.max(...items.map((item) => item.x + Math.max((item.width || 0) / 2, item.reach || 0)));
  const pad = frame.home ? PAD : 0;
  const title = frame.home ? measure.title(scene.view.clusters[frame.cluster].label) + 2 * PAD + 18 : 0;
  frame.width = Math.max(high - low + 2 * pad, title);
  for (const item of items) item.x += pad - low;
  frame.pins = { top: new Map(), bottom: new Map() };
  for (const port of frame.ports.values()) frame.pins[port.side].set(port.net.key, port.x);
}

/** From centres in the frame to corners on the page. */
function moveTo(frame, x, y) {
  Object.assign(frame, { left: x, top: y });
  for (const item of frame.items) {
    if (item.type === "port") continue;
    const corner = [x + item.x - item.width / 2, y + item.y];
    if (item.type === "frame") moveTo(item, ...corner);
    else [item.left, item.top] = corner;
  }
}

const rightOf = (item) => item.x + (item.width || 0) / 2;

/** Absolute points of one hop: out of a, along its row, across the gap, along b's row, into b. */
function piece(frame, { a, b, net, cyclic }) {
  const start = frame.left + a.x + pin(a, { net }, "bottom");
  const end = frame.left + b.x + pin(b, { net }, "top");
  const from = frame.top + a.y + (a.height || 0);
  const to = frame.top + b.y;
  const bends = cyclic ? [from, to] : [frame.top + a.row.bottom, frame.top + Math.max(b.row.top, 0)];
  const arrow = net.upwards ? a.type === "box" && net.to.has(a) : b.type === "box" && net.to.has(b);
  const leaves = net.upwards ? b === net.from : a === net.from;
  const far = frame.left + Math.max(rightOf(a), rightOf(b)) + AROUND;
  return { start, end, from, to, bends, cyclic, far, arrow, leaves };
}
