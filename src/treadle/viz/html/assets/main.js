// Starts the page: reads the document, connects controls, shows the first view.

import { makeApp } from "./app.js";
import { button, find, make } from "./dom.js";
import { connectKeys } from "./keys.js";
import { connectSearch, searchNodes } from "./search.js";
import { connectPrinting, connectTheme, connectZoom } from "./theme.js";

const NARROW = 720; // pixels, as in page.css

function start() {
  const doc = JSON.parse(find("document").textContent);
  const app = makeApp(doc, (mode) => showMode(doc, mode));
  connectToolbar(app);
  connectStage(app);
  connectKeys(app);
  connectTheme();
  connectPrinting(app.stage);
  connectZoom(app.stage);
  find("legend").hidden = window.innerWidth < NARROW;
  connectSearch(find("search"), find("results"), {
    find: (query) => searchNodes(app.view, query),
    describe: (index) => {
      const node = app.view.nodes[index];
      return [make("span", {}, node.label.replaceAll("\n", " ")), make("code", {}, node.type || "")];
    },
    go: app.go,
  });
  app.setMode(doc.modes[doc.first]);
  document.documentElement.dataset.ready = "yes";
}

function connectToolbar(app) {
  const modes = app.doc.modes.map((mode) => button(mode.label, () => app.setMode(mode), { "aria-pressed": "false" }));
  find("modes").append(...modes);
  find("modes").hidden = modes.length < 2;
  const actions = {
    "open-all": () => app.setAll(true), "close-all": () => app.setAll(false),
    "show-legend": () => { find("legend").hidden = !find("legend").hidden; },
  };
  for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
}

function showMode(doc, mode) {
  [...find("modes").children].forEach((element, index) => {
    element.setAttribute("aria-pressed", String(doc.modes[index] === mode));
  });
  find("note").textContent = mode.note;
  find("title").textContent = mode.title;
}

function connectStage(app) {
  const stage = find("stage");
  stage.addEventListener("click", (event) => {
    const title = event.target.closest(".title");
    const box = event.target.closest(".box");
    if (box && event.target.closest(".sign")) app.toggle(app.boxOf(box).cluster);
    else if (box) app.select(app.boxOf(box));
    else if (title) app.toggle(Number(title.dataset.id.slice(1)));
    else app.select(null);
  });
  stage.addEventListener("dblclick", (event) => {
    const box = event.target.closest(".box.opens");
    if (box && !event.target.closest(".sign")) app.toggle(app.boxOf(box).cluster);
  });
}

start();
