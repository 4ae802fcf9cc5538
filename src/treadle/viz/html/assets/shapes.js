// Outlines of boxes: one for each shape name of the compiler's table of looks, so that kinds differ without colour.
//
// Input: a name and a size. Output: SVG path data from (0, 0). `inset` is how much room a label loses on each side.

const round = (r) => (w, h) =>
  `M${r} 0H${w - r}Q${w} 0 ${w} ${r}V${h - r}Q${w} ${h} ${w - r} ${h}H${r}Q0 ${h} 0 ${h - r}V${r}Q0 0 ${r} 0Z`;

const SHAPES = {
  box: { path: (w, h) => `M0 0H${w}V${h}H0Z`, inset: 9 },
  rounded: { path: round(7), inset: 9 },
  diagonals: { path: (w, h) => `M0 0H${w}V${h}H0ZM0 7L7 0M${w - 7} 0L${w} 7M${w} ${h - 7}L${w - 7} ${h}M7 ${h}L0 ${h - 7}`, inset: 11 },
  plain: { path: round(3), inset: 9 },
  ellipse: { path: (w, h) => round(h / 2)(w, h), inset: 14 },
  invhouse: { path: (w, h) => `M0 0H${w}V${h * 0.62}L${w / 2} ${h}L0 ${h * 0.62}Z`, inset: 12, below: 7 },
  house: { path: (w, h) => `M0 ${h}H${w}V${h * 0.38}L${w / 2} 0L0 ${h * 0.38}Z`, inset: 12, above: 7 },
  tab: { path: (w, h) => `M0 0H${Math.min(26, w / 2)}V5H${w}V${h}H0ZM0 5H${Math.min(26, w / 2)}`, inset: 9, above: 4 },
  folder: { path: (w, h) => `M0 5L4 0H24L28 5H${w}V${h}H0Z`, inset: 9, above: 4 },
  hexagon: { path: (w, h) => `M10 0H${w - 10}L${w} ${h / 2}L${w - 10} ${h}H10L0 ${h / 2}Z`, inset: 15 },
  octagon: { path: (w, h) => octagon(0, w, h), inset: 12 },
  doubleoctagon: { path: (w, h) => octagon(0, w, h) + octagon(3, w, h), inset: 14, above: 3, below: 3 },
  invtriangle: { path: (w, h) => `M0 0H${w}L${w - 14} ${h}H14Z`, inset: 18 },
  trapezium: { path: (w, h) => `M10 0H${w - 10}L${w} ${h}H0Z`, inset: 16 },
  invtrapezium: { path: (w, h) => `M0 0H${w}L${w - 10} ${h}H10Z`, inset: 16 },
  parallelogram: { path: (w, h) => `M10 0H${w}L${w - 10} ${h}H0Z`, inset: 16 },
  diamond: { path: (w, h) => `M0 ${h / 2}L${w / 2} 0L${w} ${h / 2}L${w / 2} ${h}Z`, inset: 24, above: 6, below: 6 },
  cds: { path: (w, h) => `M0 0H${w - 9}L${w} ${h / 2}L${w - 9} ${h}H0Z`, inset: 12 },
  note: { path: (w, h) => `M0 0H${w - 8}L${w} 8V${h}H0ZM${w - 8} 0V8H${w}`, inset: 11 },
  component: { path: (w, h) => `M4 0H${w}V${h}H4ZM0 6H9V11H0ZM0 ${h - 11}H9V${h - 6}H0Z`, inset: 14 },
  cylinder: { path: (w, h) => `M0 5Q${w / 2} -5 ${w} 5V${h - 5}Q${w / 2} ${h + 5} 0 ${h - 5}ZM0 5Q${w / 2} 15 ${w} 5`, inset: 10, above: 6 },
  box3d: { path: (w, h) => `M0 5L5 0H${w}V${h - 5}L${w - 5} ${h}H0ZM0 5H${w - 5}V${h}M${w - 5} 5L${w} 0`, inset: 13, above: 4 },
};

function octagon(by, w, h) {
  const cut = 7;
  const [l, t, r, b] = [by, by, w - by, h - by];
  return `M${l + cut} ${t}H${r - cut}L${r} ${t + cut}V${b - cut}L${r - cut} ${b}H${l + cut}L${l} ${b - cut}V${t + cut}Z`;
}

export function shapeOf(look) {
  const name = (look.shape === "box" && look.corners) || look.shape;
  return SHAPES[name] || SHAPES.box;
}

/** The outline of a look in a size, with a second one inside where the look has a double border. */
export function outline(look, width, height) {
  const { path } = shapeOf(look);
  const own = path(width, height);
  return look.double && look.shape !== "doubleoctagon" ? `${own}${inner(path, width, height)}` : own;
}

function inner(path, width, height) {
  return shifted(path(width - 6, height - 6), 3);
}

/** Path data moved by the same amount right and down; it has absolute commands only. */
function shifted(data, by) {
  return data.replace(/([MLHVQC])([^A-Z]*)/g, (_, command, numbers) => {
    const moved = numbers.trim().split(/[\s,]+/).map((number) => Number(number) + by);
    return command + moved.join(" ");
  });
}
