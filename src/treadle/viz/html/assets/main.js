// Starts the page: reads the document, connects controls, shows the first view.

import { makeApp } from "./app.js";
import { button, find, make } from "./dom.js";
import { connectKeys } from "./keys.js";
import { connectSearch, searchNodes } from "./search.js";
import { connectPrinting, connectTheme, connectZoom } from "./theme.js";

function start() {
  const doc = JSON.parse(find("document").textContent);
  const app = makeApp(doc);
  connectToolbar(app);
  connectStage(app);
  connectKeys(app);
  connectTheme();
  connectPrinting(app.stage);
  connectZoom(app.stage);
  connectSearch(find("search"), find("results"), {
    find: (query) => searchNodes(app.view, query),
    describe: (index) => {
      const node = app.view.nodes[index];
      return [make("span", {}, node.label.replaceAll("\n", " ")), make("code", {}, node.type || "")];
    },
    go: app.go,
  });
  app.setMode(doc.modes[doc.first]);
  showMode(app);
  document.documentElement.dataset.ready = "yes";
}

function connectToolbar(app) {
  const modes = app.doc.modes.map((mode) => button(mode.label, () => {
    app.setMode(mode);
    showMode(app);
  }, { "aria-pressed": "false" }));
  find("modes").append(...modes);
  find("modes").hidden = modes.length < 2;
  const actions = {
    "open-all": () => app.setAll(true), "close-all": () => app.setAll(false),
    "show-legend": () => { find("legend").hidden = !find("legend").hidden; },
  };
  for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
}

function showMode(app) {
  [...find("modes").children].forEach((element, index) => {
    element.setAttribute("aria-pressed", String(app.doc.modes[index] === app.mode));
  });
  find("note").textContent = app.mode.note;
}

function connectStage(app) {
  const stage = find("stage");
  stage.addEventListener("click", (event) => {
    const frame = event.target.closest(".frame");
    const box = event.target.closest(".box");
    if (box && event.target.closest(".sign")) app.toggle(app.boxOf(box).cluster);
    else if (box) app.select(app.boxOf(box));
    else if (frame && event.target.closest(".sign, text")) app.toggle(Number(frame.dataset.id.slice(1)));
    else app.select(null);
  });
  stage.addEventListener("dblclick", (event) => {
    const box = event.target.closest(".box.opens");
    if (box && !event.target.closest(".sign")) app.toggle(app.boxOf(box).cluster);
  });
}

start();
