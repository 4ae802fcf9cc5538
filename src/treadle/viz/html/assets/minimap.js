// The minimap: the whole picture small, with the window on it. A press there moves the window.

export function makeMinimap(canvas, stage) {
  const context = canvas.getContext("2d");
  let scene = null;

  /** How the picture lies on the canvas: scale, and where its corner is. */
  function frame() {
    const scale = Math.min(canvas.width / stage.bounds.width, canvas.height / stage.bounds.height) * 0.94;
    return { scale, x: (canvas.width - stage.bounds.width * scale) / 2, y: (canvas.height - stage.bounds.height * scale) / 2 };
  }

  function paint() {
    if (!scene) return;
    const { scale, x, y } = frame();
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = style.getPropertyValue("--line");
    for (const box of scene.boxes.values()) {
      context.fillRect(x + box.left * scale, y + box.top * scale, Math.max(1, box.width * scale), Math.max(1, box.height * scale));
    }
    const { width, height } = stage.room();
    canvas.hidden = stage.shows({ left: 0, top: 0, ...stage.bounds });
    context.strokeStyle = style.getPropertyValue("--accent");
    context.lineWidth = 2;
    context.strokeRect(x - (stage.x / stage.scale) * scale, y - (stage.y / stage.scale) * scale,
      (width / stage.scale) * scale, (height / stage.scale) * scale);
  }

  function move(event) {
    if (!(event.buttons & 1)) return;
    const { scale, x, y } = frame();
    const { width, height } = stage.room();
    const left = ((event.offsetX * canvas.width) / canvas.clientWidth - x) / scale;
    const top = ((event.offsetY * canvas.height) / canvas.clientHeight - y) / scale;
    stage.pan(width / 2 - left * stage.scale - stage.x, height / 2 - top * stage.scale - stage.y);
  }

  canvas.addEventListener("pointerdown", move);
  canvas.addEventListener("pointermove", move);
  return { paint, show: (next) => { scene = next; paint(); } };
}
