// How large boxes and labels are. Input: boxes of a scene. Output: sizes in pixels, from the browser's own fonts.

import { shapeOf } from "./shapes.js";

export const LINE = 15;
const FONTS = { box: "12px", label: "10px", title: "600 12px" };
const FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
const LEAST = 26;

export function makeMeasure(looks, textOf) {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  const width = (text, role) => {
    const key = `${role}|${text}`;
    if (!known.has(key)) {
      context.font = `${FONTS[role]} ${FAMILY}`;
      known.set(key, context.measureText(text).width);
    }
    return known.get(key);
  };
  return {
    label: (text) => width(text, "label"),
    title: (text) => width(text, "title"),
    box: (box) => {
      const { lines, kind, opens } = textOf(box);
      const shape = shapeOf(looks[kind]);
      const text = Math.max(...lines.map((line, i) => width(line, opens && i === 0 ? "title" : "box")));
      const height = lines.length * LINE + 10 + (shape.above || 0) + (shape.below || 0);
      return { lines, kind, opens, width: Math.max(LEAST, text + 2 * shape.inset + (opens ? 20 : 0)), height: Math.max(LEAST, height) };
    },
  };
}
