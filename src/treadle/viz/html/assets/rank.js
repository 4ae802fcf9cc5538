// Ranks: the row of every item of a frame, so that edges run downwards and are short.
//
// Longest path first, then every item moves to the median of where its neighbours want it. Edges that would close
// a cycle (folding layers can make some) are left out and returned, to be drawn as loose arrows.

const ROUNDS = 6;

export function assignRanks(items, edges, soft) {
  items.forEach((item, index) => { item.number = index; });
  const { kept, cyclic } = breakCycles(items, edges);
  const above = items.map(() => []);
  const below = items.map(() => []);
  for (const { a, b } of kept) {
    above[b.number].push(a.number);
    below[a.number].push(b.number);
  }
  const order = topological(above, below);
  const rank = new Array(items.length).fill(0);
  for (const i of order) rank[i] = Math.max(lowest(items[i]), ...above[i].map((j) => rank[j] + 1));
  const last = Math.max(1, ...rank.filter((_, i) => !isPort(items[i], "bottom")));
  tighten(items, order, above, below, softNeighbours(items, soft), rank, last);
  items.forEach((item, i) => { item.rank = isPort(item, "bottom") ? last + 1 : rank[i]; });
  return cyclic;
}

const isPort = (item, side) => item.type === "port" && item.side === side;
const lowest = (item) => (isPort(item, "top") ? 0 : 1);

function breakCycles(items, edges) {
  const leaving = new Map(items.map((item) => [item, []]));
  for (const edge of edges) leaving.get(edge.a).push(edge);
  const state = new Map();
  const cyclic = new Set();
  for (const root of items) {
    const stack = state.has(root) ? [] : [[root, 0]];
    if (stack.length) state.set(root, "open");
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = leaving.get(top[0])[top[1]++];
      if (!edge) {
        state.set(top[0], "done");
        stack.pop();
      } else if (!state.has(edge.b)) {
        state.set(edge.b, "open");
        stack.push([edge.b, 0]);
      } else if (state.get(edge.b) === "open") {
        cyclic.add(edge);
      }
    }
  }
  return { kept: edges.filter((edge) => !cyclic.has(edge)), cyclic };
}

function topological(above, below) {
  const waiting = above.map((list) => list.length);
  const order = [];
  waiting.forEach((count, i) => { if (count === 0) order.push(i); });
  for (let at = 0; at < order.length; at++) {
    for (const j of below[order[at]]) if (--waiting[j] === 0) order.push(j);
  }
  return order;
}

function softNeighbours(items, soft) {
  const found = items.map(() => []);
  for (const [a, b] of soft) {
    found[a.number].push(b.number);
    found[b.number].push(a.number);
  }
  return found;
}

function tighten(items, order, above, below, soft, rank, last) {
  for (let round = 0; round < ROUNDS; round++) {
    const walk = round % 2 ? order : [...order].reverse();
    for (const i of walk) {
      if (items[i].type === "port") continue;
      const low = Math.max(1, ...above[i].map((j) => rank[j] + 1));
      const high = Math.min(last, ...below[i].map((j) => (isPort(items[j], "bottom") ? last : rank[j] - 1)));
      rank[i] = Math.min(high, Math.max(low, wanted(i, above, below, soft, rank, items, last)));
    }
  }
}

/** Where the sum of the lengths of an item's edges is least. */
function wanted(i, above, below, soft, rank, items, last) {
  const ideal = [];
  for (const j of above[i]) if (!isPort(items[j], "top")) ideal.push(rank[j] + 1);
  for (const j of below[i]) ideal.push(isPort(items[j], "bottom") ? last : rank[j] - 1);
  for (const j of soft[i]) ideal.push(rank[j]);
  if (!ideal.length) return rank[i];
  ideal.sort((p, q) => p - q);
  return ideal[Math.floor((ideal.length - 1) / 2)];
}
