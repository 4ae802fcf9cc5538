// Search: boxes by name, op or shape. Input: a view and words. Output: node indices, the best first.

const MOST = 40;

/** All words must occur; what begins with the first one comes first. */
export function searchNodes(view, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const scored = [];
  view.nodes.forEach((node, index) => {
    const text = searchText(view, node);
    if (!words.every((word) => text.includes(word))) return;
    const name = node.label.toLowerCase();
    const score = name.startsWith(words[0]) ? 0 : name.includes(words[0]) ? 1 : 2;
    scored.push([score, index]);
  });
  scored.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  return scored.map(([, index]) => index);
}

function searchText(view, node) {
  if (!node.searchText) {
    const around = [];
    for (let at = node.cluster; at >= 0; at = view.clusters[at].parent) around.unshift(view.clusters[at].label);
    node.searchText = [node.label, node.op, node.type, node.name, around.join("."), ...node.wires.map((wire) => wire.label)].join("\n").toLowerCase();
  }
  return node.searchText;
}

/** Connects the search field: results below it, arrows choose, Enter jumps, Escape leaves. */
export function connectSearch(field, list, { find, describe, go }) {
  let found = [];
  let chosen = 0;

  const show = () => {
    const rows = found.slice(0, MOST).map((index, order) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.id = `result-${order}`;
      row.setAttribute("aria-selected", String(order === chosen));
      row.append(...describe(index));
      row.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        jump(order);
      });
      return row;
    });
    list.replaceChildren(...rows);
    list.hidden = !field.value.trim();
    if (!rows.length) list.append("nothing found");
    if (found.length > MOST) list.append(`and ${found.length - MOST} more`);
    field.setAttribute("aria-expanded", String(!list.hidden));
    field.setAttribute("aria-activedescendant", rows.length ? `result-${chosen}` : "");
    const current = rows[chosen];
    if (current) current.scrollIntoView({ block: "nearest" });
  };

  const jump = (order) => {
    if (found[order] === undefined) return;
    list.hidden = true;
    go(found[order]);
  };

  field.addEventListener("input", () => {
    found = find(field.value);
    chosen = 0;
    show();
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      chosen = Math.max(0, Math.min(Math.min(found.length, MOST) - 1, chosen + step));
      show();
    } else if (event.key === "Enter") jump(chosen);
    else if (event.key === "Escape") {
      list.hidden = true;
      field.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("blur", () => { list.hidden = true; });
  field.addEventListener("focus", () => { if (field.value) show(); });
}
