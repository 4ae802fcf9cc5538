// Arrows as SVG path data. Input: nets with pieces, and loose arrows between placed boxes. Output: strings.

const HEAD = 4.5;

/** The lines of a net: straight through rows, curved between them. */
export function netPath(net) {
  return net.pieces.map((piece) => (piece.cyclic ? cyclicPath(piece) : rowPath(piece))).join("");
}

/** Heads of a net's arrows, as small triangles. */
export function netHeads(net) {
  return net.pieces.filter((piece) => piece.arrow).map((piece) => (net.upwards
    ? triangle(piece.start, piece.from, 0, -1) : triangle(piece.end, piece.to, 0, 1))).join("");
}

/** Where a net's label stands: beside the first stretch, next to the box that it leaves. */
export function netLabel(net) {
  const first = net.pieces.find((piece) => piece.leaves);
  if (!first) return null;
  return net.upwards ? { x: first.end + 4, y: first.to - 5 } : { x: first.start + 4, y: first.from + 11 };
}

function rowPath({ start, end, from, to, bends: [top, bottom] }) {
  const middle = (top + bottom) / 2;
  const curve = Math.abs(start - end) < 0.5
    ? `V${round(bottom)}`
    : `V${round(top)}C${round(start)} ${round(middle)} ${round(end)} ${round(middle)} ${round(end)} ${round(bottom)}`;
  return `M${round(start)} ${round(from)}${curve}V${round(to)}`;
}

/** Against the order of rows: out below, up beside both boxes, in from above. */
function cyclicPath({ start, end, from, to, far }) {
  const reach = 16;
  const [x, u, side, below, above] = [start, end, far, from + reach, to - reach].map(round);
  return `M${x} ${round(from)}C${x} ${below} ${side} ${below} ${side} ${round(from)}V${round(to)}`
    + `C${side} ${above} ${u} ${above} ${u} ${round(to)}`;
}

/** A loose arrow, side to side: values kept for gradients, links, and what a loop carries back. */
export function loosePath({ from, to, role }) {
  const [a, b] = [sides(from), sides(to)];
  if (role === "feedback") {
    const far = Math.max(a.right, b.right) + 30;
    return { line: `M${round(a.right)} ${round(a.middle)}C${far} ${round(a.middle)} ${far} ${round(b.middle)} ${round(b.right)} ${round(b.middle)}`,
      head: triangle(b.right, b.middle, -1, 0) };
  }
  const rightwards = a.right <= b.left || (b.right > a.left && a.left + a.right < b.left + b.right);
  const [x, u, way] = rightwards ? [a.right, b.left, 1] : [a.left, b.right, -1];
  const pull = Math.max(24, Math.abs(u - x) * 0.4) * way;
  return { line: `M${round(x)} ${round(a.middle)}C${round(x + pull)} ${round(a.middle)} ${round(u - pull)} ${round(b.middle)} ${round(u)} ${round(b.middle)}`,
    head: triangle(u, b.middle, way, 0) };
}

function sides(box) {
  return { left: box.left, right: box.left + box.width, middle: box.top + box.height / 2 };
}

/** A triangle whose tip is at (x, y), pointing along (dx, dy). */
function triangle(x, y, dx, dy) {
  const [bx, by] = [x - dx * 2 * HEAD, y - dy * 2 * HEAD];
  return `M${round(x)} ${round(y)}L${round(bx - dy * HEAD)} ${round(by + dx * HEAD)}L${round(bx + dy * HEAD)} ${round(by - dx * HEAD)}Z`;
}

const round = (value) => Math.round(value * 10) / 10;
