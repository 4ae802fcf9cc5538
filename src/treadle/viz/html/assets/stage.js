// The stage: an SVG that is panned and zoomed by pointer, wheel, pinch, buttons and keys.
//
// Non-goals: what is on it. `onmove` is told after each change; a press that does not move is passed on as a click.

const LEAST = 0.02;
const MOST = 6;
const SLACK = 4; // pixels that a click may move
const MARGIN = 24;

export function makeStage(svg, onmove) {
  const stage = { svg, content: null, bounds: { width: 1, height: 1 }, x: 0, y: 0, scale: 1, covered: 0 };
  const pointers = new Map();

  stage.show = (content, bounds) => {
    svg.replaceChildren(content);
    Object.assign(stage, { content, bounds });
    apply();
  };
  stage.zoom = (factor, at = centre()) => {
    const scale = Math.min(MOST, Math.max(LEAST, stage.scale * factor));
    stage.x = at.x - ((at.x - stage.x) * scale) / stage.scale;
    stage.y = at.y - ((at.y - stage.y) * scale) / stage.scale;
    stage.scale = scale;
    apply();
  };
  stage.pan = (dx, dy) => {
    stage.x += dx;
    stage.y += dy;
    apply();
  };
  /** Shows all of it; `readable` stops where text would be too small and shows the beginning instead. */
  stage.fit = (readable = 0) => {
    const { width, height } = room();
    const whole = Math.min((width - 2 * MARGIN) / stage.bounds.width, (height - 2 * MARGIN) / stage.bounds.height, 1.4);
    stage.scale = Math.max(whole, readable, LEAST);
    stage.x = Math.max((width - stage.bounds.width * stage.scale) / 2, stage.scale > whole ? MARGIN : -Infinity);
    stage.y = stage.scale > whole ? MARGIN : (height - stage.bounds.height * stage.scale) / 2;
    apply();
  };
  /** Moves a place of the picture to the middle, larger if it was too small to read. */
  stage.centreOn = (x, y) => {
    stage.scale = Math.max(stage.scale, 0.8);
    const { width, height } = room();
    stage.x = width / 2 - x * stage.scale;
    stage.y = height / 2 - y * stage.scale;
    apply();
  };
  stage.shows = ({ left, top, width, height }) => {
    const space = room();
    const [x, y] = [stage.x + left * stage.scale, stage.y + top * stage.scale];
    return x >= 0 && y >= 0 && x + width * stage.scale <= space.width && y + height * stage.scale <= space.height;
  };
  stage.room = room;

  function room() {
    return { width: Math.max(80, svg.clientWidth - stage.covered), height: svg.clientHeight };
  }

  function centre() {
    const { width, height } = room();
    return { x: width / 2, y: height / 2 };
  }

  function apply() {
    if (stage.content) stage.content.setAttribute("transform", `translate(${stage.x} ${stage.y}) scale(${stage.scale})`);
    onmove(stage);
  }

  const spot = (event) => {
    const box = svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    stage.zoom(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)), spot(event));
  }, { passive: false });

  let travelled = 0;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, spot(event));
    travelled = pointers.size > 1 ? SLACK + 1 : 0;
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = spot(event);
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (travelled > SLACK && !svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    if (pointers.size === 1) stage.pan(now.x - before.x, now.y - before.y);
    else pinch(event.pointerId, before, now);
    pointers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, (event) => pointers.delete(event.pointerId));
  svg.addEventListener("click", (event) => {
    if (travelled > SLACK) event.stopImmediatePropagation();
  }, true);

  function pinch(moved, before, now) {
    const other = [...pointers].find(([id]) => id !== moved)[1];
    const apart = (p) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
    stage.zoom(apart(now) / apart(before), other);
  }
  return stage;
}
