// What every page has: light and dark, and printing.

import { find } from "./dom.js";

/** Light or dark as the system has it, until the button says otherwise. */
export function connectTheme() {
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const set = (dark) => { root.dataset.theme = dark ? "dark" : "light"; };
  set(prefersDark.matches);
  prefersDark.addEventListener("change", (event) => set(event.matches));
  find("theme").addEventListener("click", () => set(root.dataset.theme !== "dark"));
}

/** On paper: the whole picture on one sheet, in light colours, without controls. */
export function connectPrinting(stage) {
  const root = document.documentElement;
  let before = null;
  window.addEventListener("beforeprint", () => {
    const { x, y, scale } = stage;
    before = { place: { x, y, scale }, theme: root.dataset.theme };
    root.dataset.theme = "light";
    stage.svg.setAttribute("viewBox", `-4 -4 ${stage.bounds.width + 8} ${stage.bounds.height + 8}`);
    Object.assign(stage, { x: 0, y: 0, scale: 1 });
    stage.pan(0, 0);
  });
  window.addEventListener("afterprint", () => {
    stage.svg.removeAttribute("viewBox");
    root.dataset.theme = before.theme;
    Object.assign(stage, before.place);
    stage.pan(0, 0);
  });
  find("print").addEventListener("click", () => window.print());
}

export function connectZoom(stage) {
  const step = 1.25;
  const actions = { "zoom-in": () => stage.zoom(step), "zoom-out": () => stage.zoom(1 / step), fit: () => stage.fit() };
  for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
  window.addEventListener("resize", () => stage.pan(0, 0));
}
