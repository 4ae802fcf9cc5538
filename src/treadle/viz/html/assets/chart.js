// Starts a page that shows one finished chart: pan, zoom, light and dark, printing.

import { draw, find } from "./dom.js";
import { makeStage } from "./stage.js";
import { connectPrinting, connectTheme, connectZoom } from "./theme.js";

const STEP = 60;
const KEYS = { ArrowUp: [0, STEP], ArrowDown: [0, -STEP], ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0] };

function start() {
  const { image, width, height } = JSON.parse(find("document").textContent);
  document.body.classList.add("chart");
  const stage = makeStage(find("stage"), () => {});
  connectTheme();
  connectZoom(stage);
  connectPrinting(stage);
  document.addEventListener("keydown", (event) => {
    if (KEYS[event.key]) stage.pan(...KEYS[event.key]);
    else if (event.key === "+" || event.key === "=") stage.zoom(1.25);
    else if (event.key === "-") stage.zoom(0.8);
    else if (event.key === "0") stage.fit();
  });
  stage.show(draw("g", {}, draw("image", { href: image, width, height })), { width, height });
  stage.fit();
  document.documentElement.dataset.ready = "yes";
}

start();
