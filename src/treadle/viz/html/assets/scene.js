// Which boxes are shown, and how arrows run through the frames around them.
//
// Input: a view (nodes, clusters, wires), which clusters are open, which nodes are shown, and of which the wires
// are. Output: frames (open clusters) with boxes (nodes, closed clusters, inner frames), edges, and nets.
// A net is one tensor on its way: from the box that computes it to all boxes that read it. Where it crosses a
// frame, the frame has a port. Backward nets run upwards, so that gradients lie beside their layers.

export const ROOT = -1;
const ASIDE = "aside"; // no arrow: only says that two boxes belong beside each other
const LOOSE = new Set(["saved", "feedback", "link", ASIDE]);

export function buildScene(view, isOpen, shows, reads) {
  const scene = { frames: new Map(), boxes: new Map(), nets: new Map(), loose: new Map(), view };
  scene.root = makeFrame(scene, ROOT);
  const boxOf = view.nodes.map((node, index) => (shows(node) ? boxFor(scene, index, isOpen) : null));
  view.nodes.forEach((node, index) => {
    if (!boxOf[index] || !reads(node)) return;
    for (const wire of node.wires) {
      const from = boxOf[wire.from];
      if (from && from !== boxOf[index]) connect(scene, from, boxOf[index], wire);
    }
  });
  return scene;
}

/** The clusters around cluster `index` and itself, outermost first. */
export function clusterPath(view, index) {
  const path = [];
  for (let at = index; at !== ROOT; at = view.clusters[at].parent) path.unshift(at);
  return path;
}

function makeFrame(scene, cluster) {
  const frame = { id: `c${cluster}`, type: "frame", cluster, items: [], edges: new Map(), ports: new Map(), soft: [] };
  scene.frames.set(cluster, frame);
  if (cluster !== ROOT) {
    const parent = scene.view.clusters[cluster].parent;
    frame.home = scene.frames.get(parent) || makeFrame(scene, parent);
    frame.home.items.push(frame);
  }
  return frame;
}

function boxFor(scene, index, isOpen) {
  const node = scene.view.nodes[index];
  const closed = clusterPath(scene.view, node.cluster).find((cluster) => !isOpen(cluster));
  const id = closed === undefined ? `n${index}` : `c${closed}|${node.part}`; // a folded layer: one box for each part
  let box = scene.boxes.get(id);
  if (!box) {
    const parent = closed === undefined ? node.cluster : scene.view.clusters[closed].parent;
    const home = scene.frames.get(parent) || makeFrame(scene, parent);
    box = { id, type: "box", index, cluster: closed, part: node.part, home, members: [], bias: node.part ? 0.5 : 0 };
    scene.boxes.set(id, box);
    home.items.push(box);
  }
  box.members.push(index);
  return box;
}

function connect(scene, from, to, wire) {
  if (LOOSE.has(wire.role)) {
    connectLoosely(scene, from, to, wire.role);
    return;
  }
  const key = `${from.id}|${wire.label}|${wire.role}`;
  const upwards = wire.role === "backward";
  let net = scene.nets.get(key);
  if (!net) {
    net = { key, from, to: new Set(), role: wire.role, label: wire.label, upwards, pieces: [] };
    scene.nets.set(key, net);
  }
  if (net.to.has(to)) return;
  net.to.add(to);
  route(upwards ? to : from, upwards ? from : to, net);
}

/** Enters the edges of a net, frame by frame, from the upper box out to the common frame and in to the lower. */
function route(upper, lower, net) {
  const common = commonFrame(upper.home, lower.home);
  let [start, end] = [upper, lower];
  while (start.home !== common) {
    addEdge(start.home, start, port(start.home, net, "bottom"), net);
    start = start.home;
  }
  while (end.home !== common) {
    addEdge(end.home, port(end.home, net, "top"), end, net);
    end = end.home;
  }
  if (start !== end) addEdge(common, start, end, net);
}

function connectLoosely(scene, from, to, role) {
  if (role !== ASIDE) scene.loose.set(`${from.id}|${to.id}|${role}`, { from, to, role });
  const common = commonFrame(from.home, to.home);
  const [a, b] = [within(from, common), within(to, common)];
  if (a !== b) common.soft.push([a, b]);
}

function within(item, frame) {
  let found = item;
  while (found.home !== frame) found = found.home;
  return found;
}

function commonFrame(a, b) {
  const around = new Set();
  for (let frame = a; frame; frame = frame.home) around.add(frame);
  let frame = b;
  while (!around.has(frame)) frame = frame.home;
  return frame;
}

function port(frame, net, side) {
  const id = `${side}|${net.key}`;
  if (!frame.ports.has(id)) {
    const made = { id, type: "port", side, net, home: frame };
    frame.ports.set(id, made);
    frame.items.push(made);
  }
  return frame.ports.get(id);
}

function addEdge(frame, a, b, net) {
  frame.edges.set(`${a.id}|${b.id}|${net.key}`, { a, b, net });
}
