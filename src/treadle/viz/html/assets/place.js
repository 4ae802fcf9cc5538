// Coordinates across: each row is moved to where its neighbours want it, keeping order and distances.
//
// One row is a least-squares problem under "each at least so far right of the one before", which pooling adjacent
// violators solves exactly. Rows are swept up and down; bends pull hardest, which makes long arrows straight.

const SWEEPS = 24;
const GAP = { box: 22, frame: 26, bend: 14, port: 16 };

export function placeRows(rows) {
  rows.forEach(pack);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const sides = sweep >= SWEEPS - 4 ? ["up", "down"] : sweep % 2 ? ["down"] : ["up"];
    for (let i = 0; i < rows.length; i++) settle(rows[sweep % 2 ? rows.length - 1 - i : i], sides);
  }
}

/** How far an item reaches to the left and right of its centre. */
const left = (item) => (item.width || 0) / 2;
const right = (item) => Math.max((item.width || 0) / 2, item.reach || 0);

function distance(a, b) {
  return right(a) + left(b) + Math.max(GAP[a.type], GAP[b.type]);
}

function pack(row) {
  let x = 0;
  row.forEach((item, index) => {
    if (index) x += distance(row[index - 1], item);
    item.x = x;
  });
  row.forEach((item) => { item.x -= x / 2; });
}

function settle(row, sides) {
  const pools = [];
  let shift = 0;
  row.forEach((item, index) => {
    if (index) shift += distance(row[index - 1], item);
    const [want, weight] = wish(item, sides);
    let pool = { weight, sum: weight * (want - shift), from: index };
    while (pools.length && mean(pools[pools.length - 1]) >= mean(pool)) {
      const before = pools.pop();
      pool = { weight: before.weight + pool.weight, sum: before.sum + pool.sum, from: before.from };
    }
    pools.push(pool);
    item.shift = shift;
  });
  pools.forEach((pool, index) => {
    const end = index + 1 < pools.length ? pools[index + 1].from : row.length;
    for (let i = pool.from; i < end; i++) row[i].x = mean(pool) + row[i].shift;
  });
}

const mean = (pool) => pool.sum / pool.weight;

function wish(item, sides) {
  let [sum, weight] = [0, 0];
  for (const side of sides) {
    for (const hop of item[side]) {
      const strength = strengthOf(hop);
      const other = side === "up" ? hop.a.x + pin(hop.a, hop, "bottom") : hop.b.x + pin(hop.b, hop, "top");
      sum += strength * (other - pin(item, hop, side === "up" ? "top" : "bottom"));
      weight += strength;
    }
  }
  return weight ? [sum / weight, weight] : [item.x, 0.05];
}

/** Where on an item a net enters or leaves, from its centre; only frames have fixed places. */
export function pin(item, hop, side) {
  const found = item.pins && item.pins[side].get(hop.net.key);
  return found === undefined ? 0 : found - item.width / 2;
}

function strengthOf({ a, b, net }) {
  const passes = (item) => item.type === "bend" || item.type === "port";
  return [net.role === "leaf" ? 0.4 : 1, 4, 12][passes(a) + passes(b)];
}
