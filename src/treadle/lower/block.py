"""Lowering one graph - a program, or the body of a scan - to calls.

Input: a graph with static shapes, the storage of its leaves, and where its results must go. Output: calls
in order.
A result may replace a leaf: it is then written straight over it if every use of the old value comes before,
else beside it and copied at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treadle.ir import Graph, Node
from treadle.loops import Var
from treadle.lower.columns import ColumnNest, is_columnwise
from treadle.lower.context import Context
from treadle.lower.copies import copy_call
from treadle.lower.nest import Nest
from treadle.lower.plan import Call, Epilogue
from treadle.lower.products import (
    VALUE,
    can_fold,
    conv_call,
    fits_epilogue,
    make_epilogue,
    matmul_calls,
    tiling,
)
from treadle.lower.realise import PRODUCTS, SWEEPS, VIEWS, stored_nodes
from treadle.lower.scan import Result, ScanLowering
from treadle.lower.segments import is_row_value, placed, segments
from treadle.lower.stage import SEARCHING
from treadle.lower.storage import Buffer, BufferKind, Storage, contiguous_strides, view, whole
from treadle.lower.sweeps import sweep_calls
from treadle.lower.units import Unit, Units
from treadle.types import DType


class Block:
    """The lowering of one graph."""

    def __init__(
        self, graph: Graph, context: Context, leaves: Mapping[int, Storage], results: Sequence[Result]
    ) -> None:
        self.context = context
        self.units = Units(graph, stored_nodes(graph), context.target)
        self.places: dict[int, Storage] = dict(leaves)
        self.copies: list[Result] = []
        self.scans: dict[Unit, ScanLowering] = {}
        self.replaced = {result.replaces.id for result in results if result.replaces is not None}
        self._fuse_epilogues({result.node.id for result in results if result.replaces is not None})
        for result in sorted(results, key=lambda result: result.replaces is not None):
            self._bind(result)
        self._place_scans()
        self._place_rest()

    def calls(self) -> tuple[Call, ...]:
        """The calls of the graph."""
        calls = [call for unit in self.units.order() for call in self._unit_calls(unit)]
        return (*calls, *self._copy_calls())

    def _copy_calls(self) -> list[Call]:
        """Copies of results to where they must end up; old values of leaves that change are saved first."""
        first: list[Call] = []
        last: list[Call] = []
        for copy in self.copies:
            source = self.locate(copy.node)
            if copy.node.id in self.replaced and copy.replaces is not None:
                saved = self.context.tensor("saved", copy.node.type.dtype, copy.node.type.static_shape())
                first.append(copy_call(source, saved, copy.node))
                source = saved
            (first if copy.replaces is None else last).append(copy_call(source, copy.storage, copy.node))
        return [*first, *last]

    def locate(self, node: Node) -> Storage:
        """The storage of a stored node or of a view of one.

        Raises:
            LookupError: if there is none.
        """
        if node.id in self.places:
            return self.places[node.id]
        if node.inputs:
            place = view(node, self.locate(node.inputs[0]))
            if place is not None:
                return place
        raise LookupError(f"{node} has no place in memory")

    def _fuse_epilogues(self, replacing: set[int]) -> None:
        for unit in list(self.units.units):
            if unit.root is not None and unit.root.op in PRODUCTS:
                for reader in self.units.readers(unit.root.id):
                    if not replacing & set(reader.makes) and self._absorb(unit, unit.root, reader):
                        break

    def _absorb(self, unit: Unit, product: Node, reader: Unit) -> bool:
        if reader.group is None or reader.root is not None or unit.group is not None:
            return False
        others = [
            maker for read in reader.reads for maker in self.units.makers.get(read, []) if maker is not unit
        ]
        if self.units.reaches(unit, others) or not fits_epilogue(product, reader.group, self._assumed):
            return False
        if product.op == "matmul" and not can_fold(product, *map(self._assumed, product.inputs)):
            return False
        self.units.merge(unit, reader)
        return True

    def _assumed(self, node: Node) -> Storage:
        """The storage that a node has or will have; what has none yet will be contiguous."""
        if node.id in self.places:
            return self.places[node.id]
        if node.id in self.units.stored:
            return whole(_PENDING[node.type.dtype], node.type.static_shape())
        place = view(node, self._assumed(node.inputs[0]))
        if place is None:
            raise LookupError(f"{node} has no place in memory")
        return place

    def _bind(self, result: Result) -> None:
        node = result.node
        fresh = node.id not in self.places
        if fresh and (result.replaces is None or self._may_overwrite(node, result.replaces)):
            self.places[node.id] = result.storage
        else:
            self.copies.append(result)

    def _may_overwrite(self, node: Node, leaf: Node) -> bool:
        """Whether a node may be written over a leaf; then makes its unit wait for the leaf's other
        readers."""
        makers = self.units.makers[node.id]
        (maker, *others) = makers
        if others or node.op == "item" or (leaf.id in maker.reads and not reads_in_place(maker, node, leaf)):
            return False
        readers = [unit for unit in self.units.readers(leaf.id) if unit is not maker]
        if self.units.reaches(maker, readers) or any(leaf is copy.node for copy in self.copies):
            return False
        maker.after.update(readers)
        return True

    def _place_scans(self) -> None:
        for unit in self.units.units:
            if unit.root is not None and unit.root.op == "scan":
                items = {n.attrs["index"]: n for n in unit.makes.values() if n.op == "item"}
                bound = {k: self.places[n.id] for k, n in items.items() if n.id in self.places}
                self.scans[unit] = ScanLowering(unit.root, items, bound, self.context)
                self.places.update({n.id: self.scans[unit].places[k] for k, n in items.items()})

    def _place_rest(self) -> None:
        for unit in self.units.units:
            inside = self._kept_inside(unit)
            for node_id, node in unit.makes.items():
                if node_id not in self.places and node_id not in inside and node.op != "scan":
                    self.places[node_id] = self.context.tensor(
                        node.op, stored_dtype(node), node.type.static_shape()
                    )

    def _kept_inside(self, unit: Unit) -> set[int]:
        """Nodes that nobody outside of a unit reads."""
        return {node_id for node_id in unit.makes if not self._is_read_outside(unit, node_id)}

    def _is_read_outside(self, unit: Unit, node_id: int) -> bool:
        if len(self.units.makers[node_id]) > 1 or unit.group is None:
            return True
        copied = any(node_id in {source.id for source in self.units.sources(c.node)} for c in self.copies)
        return copied or any(reader is not unit for reader in self.units.readers(node_id))

    def _unit_calls(self, unit: Unit) -> list[Call]:
        if unit.root is not None and unit.root.op in PRODUCTS:
            return self._product_calls(unit, unit.root)
        if unit.root is not None and unit.root.op in SWEEPS:
            return sweep_calls(unit.root, self.places, self.units.users, self.context)
        if unit.root is not None:
            return self.scans[unit].calls(self.locate, lower_block)
        if unit.group is None:
            raise TypeError(f"nothing is known of how to compute {list(unit.makes.values())}")
        (first, *_) = unit.group.stages
        if is_columnwise(first, self.context.target):
            return [ColumnNest(first, self.places, self.units.users).call()]
        return [Nest(unit.group, self.places, self.context.scratch, self.units.users).call()]

    def _product_calls(self, unit: Unit, product: Node) -> list[Call]:
        epilogue, makes = self._epilogue(unit, product)
        inputs = [self.locate(operand) for operand in product.inputs]
        output = reshaped(self.places[makes[0].id], product.type.static_shape())
        nodes = tuple(unit.makes.values())
        if product.op == "matmul":
            left, right = inputs
            return matmul_calls(product, left, right, output, epilogue, self.context.new_loop, nodes)
        return [conv_call(product, inputs, output, epilogue, nodes)]

    def _epilogue(self, unit: Unit, product: Node) -> tuple[Epilogue, list[Node]]:
        """The epilogue of a product's unit, and the stored nodes that its results are."""
        if unit.group is None:
            return Epilogue(), [product]
        epilogue, nodes = make_epilogue(product, unit.group, self.locate)
        return with_outputs(epilogue, nodes, product, self.places)


def lower_block(
    graph: Graph, context: Context, leaves: Mapping[int, Storage], results: Sequence[Result]
) -> tuple[Call, ...]:
    """The calls of a graph, given the storage of its leaves and where its results must go."""
    return Block(graph, context, {**leaves, **_tables(graph, context)}, results).calls()


def _tables(graph: Graph, context: Context) -> dict[int, Storage]:
    """The storage of tensors written out in a graph."""
    found: dict[int, Storage] = {}
    for node in graph:
        if node.op == "table":
            shape = node.type.static_shape()
            size = len(node.attrs["values"])
            buffer = context.buffer("table", node.type.dtype, size, BufferKind.CONSTANT, node.attrs["values"])
            found[node.id] = whole(buffer, shape)
    return found


def stored_dtype(node: Node) -> DType:
    """The element type in memory: positions along an axis take four bytes, as wide as the floats around them.

    Vector units then handle both in the same number of lanes; bytes would make short rows too short to
    vectorise.
    """
    return DType.I32 if node.op in SEARCHING else node.type.dtype


def reads_in_place(unit: Unit, node: Node, leaf: Node) -> bool:
    """Whether a unit reads a leaf only where, and before, it writes the node that replaces it.

    What is read once stays known as long as its loops are open, so later reads of it need not come before.
    """
    if unit.root is not None and unit.root.op == "scatter_add_into":
        return unit.root is node and unit.root.inputs[0] is leaf and leaf not in map(_viewed, node.inputs[1:])
    group = unit.group
    if group is None or unit.root is not None:
        return False
    writer = next(stage for stage in group.stages if stage.node is node)
    target = placed(group, writer, writer.position)
    readers = [s for s in group.stages if any(read.node is leaf for read in s.reads)]
    reads = [(stage, read) for stage in readers for read in stage.reads if read.node is leaf]
    if any(placed(group, stage, read.indices) != target for stage, read in reads):
        return False
    home = {stage: number for number, part in enumerate(segments(group)) for stage in part.stages}
    order = {stage: (home[stage], number) for number, stage in enumerate(group.stages)}
    stays_known = is_row_value(group, writer) or all(home[stage] == home[writer] for stage in readers)
    return stays_known and min(order[stage] for stage in readers) <= order[writer]


def _viewed(node: Node) -> Node:
    """What a node is a view of."""
    while node.op in VIEWS:
        node = node.inputs[0]
    return node


def with_outputs(
    epilogue: Epilogue, nodes: Sequence[Node], product: Node, places: Mapping[int, Storage]
) -> tuple[Epilogue, list[Node]]:
    """The epilogue with those results that have a place, and their nodes; the first is the product's
    output."""
    values = {product: Var(VALUE, product.type.dtype), **dict(zip(nodes, epilogue.results, strict=True))}
    kept = [node for node in values if node.id in places]
    kept.sort(key=lambda node: node is product)
    tiles = tiling(product)
    outputs = tuple(reshaped(places[node.id], tiles) for node in kept[1:])
    return replace(epilogue, results=tuple(values[node] for node in kept), outputs=outputs), kept


def reshaped(storage: Storage, shape: tuple[int, ...]) -> Storage:
    """A contiguous storage under another shape."""
    if not storage.is_contiguous:
        raise ValueError(f"{storage} is not contiguous")
    return replace(storage, shape=shape, strides=contiguous_strides(shape))


_PENDING = {dtype: Buffer("pending", dtype, 0, BufferKind.ARENA) for dtype in DType}
