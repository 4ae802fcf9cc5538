// The order in each row: few crossings, by the barycentre method with adjacent exchanges.

const SWEEPS = 12;
const WIDEST_EXCHANGE = 150;

export function orderRows(rows, hops) {
  link(rows, hops);
  rows.forEach(number);
  let best = { crossings: crossings(rows), rows: rows.map((row) => [...row]) };
  for (let sweep = 0; sweep < SWEEPS && best.crossings > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 0; i < rows.length; i++) sortRow(rows[down ? i : rows.length - 1 - i], down ? "up" : "down");
    if (sweep > 3) rows.forEach(exchange);
    const found = crossings(rows);
    if (found < best.crossings) best = { crossings: found, rows: rows.map((row) => [...row]) };
  }
  best.rows.forEach((row, rank) => {
    rows[rank] = row;
    number(row);
  });
  return best.crossings;
}

/** Neighbours in the rows above and below, with where on the neighbour the hop arrives. */
function link(rows, hops) {
  for (const row of rows) for (const item of row) Object.assign(item, { up: [], down: [] });
  for (const hop of hops) {
    hop.a.down.push(hop);
    hop.b.up.push(hop);
  }
}

function number(row) {
  row.forEach((item, index) => { item.position = index; });
}

/** The place of the other end; within a wide frame, where its pin is decides. */
const place = (item, fraction) => item.position + (fraction || 0);

function sortRow(row, side) {
  for (const item of row) {
    const hops = item[side];
    item.key = hops.length
      ? hops.reduce((sum, hop) => sum + (side === "up" ? place(hop.a, pinFraction(hop.a, hop.net, "bottom"))
        : place(hop.b, pinFraction(hop.b, hop.net, "top"))), 0) / hops.length
      : item.position + (item.bias || 0);
  }
  row.sort((p, q) => p.key - q.key || p.position - q.position);
  number(row);
}

function pinFraction(item, net, side) {
  const pin = item.pins && item.pins[side].get(net.key);
  return pin === undefined ? 0 : (pin / item.width - 0.5) * 0.9;
}

function exchange(row) {
  if (row.length > WIDEST_EXCHANGE) return;
  for (let i = 0; i + 1 < row.length; i++) {
    const [left, right] = [row[i], row[i + 1]];
    if (pairCrossings(left, right) > pairCrossings(right, left)) {
      row[i] = right;
      row[i + 1] = left;
      right.position = i;
      left.position = i + 1;
    }
  }
}

function pairCrossings(left, right) {
  const count = (p, q) => p.reduce((sum, x) => sum + q.filter((y) => y < x).length, 0);
  const ups = (item) => item.up.map((hop) => hop.a.position);
  const downs = (item) => item.down.map((hop) => hop.b.position);
  return count(ups(left), ups(right)) + count(downs(left), downs(right));
}

/** Crossings between neighbouring rows, counted with a Fenwick tree in O(hops · log items). */
export function crossings(rows) {
  let total = 0;
  for (let rank = 0; rank + 1 < rows.length; rank++) {
    const tree = new Int32Array(rows[rank + 1].length + 1);
    let seen = 0;
    for (const item of rows[rank]) {
      const ends = item.down.map((hop) => hop.b.position);
      for (const end of ends) total += seen - prefix(tree, end + 1);
      for (const end of ends) insert(tree, end + 1);
      seen += ends.length;
    }
  }
  return total;
}

function prefix(tree, index) {
  let sum = 0;
  for (let i = index; i > 0; i -= i & -i) sum += tree[i];
  return sum;
}

function insert(tree, index) {
  for (let i = index; i < tree.length; i += i & -i) tree[i]++;
}
