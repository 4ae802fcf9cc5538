// Rows: the items of a frame by rank, with bends where an edge passes a row, so that every hop joins two rows.
//
// Edges of one net share their bends: one trunk, from which the readers branch off.

export function buildRows(items, edges) {
  const count = Math.max(...items.map((item) => item.rank)) + 1;
  const rows = Array.from({ length: count }, () => []);
  for (const item of items) rows[item.rank].push(item);
  const hops = [];
  for (const group of byNet(edges)) hops.push(...hopsOf(group, rows));
  return { rows, hops };
}

function byNet(edges) {
  const groups = new Map();
  for (const edge of edges) {
    if (!groups.has(edge.net)) groups.set(edge.net, []);
    groups.get(edge.net).push(edge);
  }
  return groups.values();
}

function hopsOf(edges, rows) {
  const { net } = edges[0];
  const first = Math.min(...edges.map((edge) => edge.a.rank));
  const last = Math.max(...edges.map((edge) => edge.b.rank));
  const bends = new Map();
  const hops = new Map();
  const bend = (rank) => {
    if (!bends.has(rank)) {
      const made = { id: `bend|${net.key}|${rank}`, type: "bend", rank, net };
      bends.set(rank, made);
      rows[rank].push(made);
    }
    return bends.get(rank);
  };
  const hop = (a, b) => hops.set(`${a.id}|${b.id}`, { a, b, net });
  for (const { a, b } of edges) {
    const [from, to] = net.upwards ? [a.rank, last] : [first, b.rank];
    let previous = net.upwards ? a : edges[0].a;
    for (let rank = from + 1; rank < to; rank++) {
      hop(previous, bend(rank));
      previous = bend(rank);
    }
    hop(previous, b);
  }
  return hops.values();
}
