"""The walk over a model: each node becomes statements of the spec.

Input: a checked model and values of inputs that are fixed. Output: `Imported`: the syntax tree, the values of
its leaves, and what inputs and outputs are called. Non-goals: reading files, printing.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, numpy_helper

from treadle.errors import TreadleError
from treadle.frontend import ast
from treadle.frontend.elaborate.budget import deep_stack, shared_budget
from treadle.interop.onnx.importing import operators as _operators  # noqa: F401 - registers translators
from treadle.interop.onnx.importing.checks import check_node
from treadle.interop.onnx.importing.elements import DTYPES, HELD, result_element, within
from treadle.interop.onnx.importing.expansion import Expansion
from treadle.interop.onnx.importing.folding import fold
from treadle.interop.onnx.importing.functions import body_of
from treadle.interop.onnx.importing.idioms import joined
from treadle.interop.onnx.importing.liveness import count_uses, needed_nodes, results_of
from treadle.interop.onnx.importing.naming import Names, identifier
from treadle.interop.onnx.importing.node import Node, type_name
from treadle.interop.onnx.importing.problems import UnknownValueError, damaged, unsupported
from treadle.interop.onnx.importing.registry import Result, Results, find_translator
from treadle.interop.onnx.importing.terms import Term
from treadle.interop.onnx.importing.training import add_training
from treadle.interop.onnx.importing.values import MOST_INLINE, Array, Value, has_sizes, literal
from treadle.types import DimLike, DType, TensorType, symbol

_STANDARD = {"", "ai.onnx"}


@dataclass(frozen=True)
class Wishes:
    """What an import is asked for.

    Attributes:
        fixed: values of inputs that become constants, because shapes depend on them.
        title: of the model in the spec; without it the name in the file.
        examples: an archive to train on: the spec gets a target, a loss, a data and a train block.
        loss: of the training; without it what fits the first output.
        weights: the file of the weights, which training loads.
    """

    fixed: Mapping[str, Array] = field(default_factory=dict)
    title: str = ""
    examples: str = ""
    loss: str = ""
    weights: str = ""


@dataclass(frozen=True)
class Imported:
    """An imported model.

    Attributes:
        title: its name in the spec.
        spec: its syntax tree, of which the first `declarations` statements declare.
        weights: values of its parameters and states, by path; `bf16` names those that are bfloat16.
        inputs: what the spec calls the inputs of the file, in their order; those that are fixed are missing.
        outputs: what the spec calls the outputs, in their order.
    """

    title: str
    spec: ast.Spec
    declarations: int
    weights: Mapping[str, Array]
    bf16: frozenset[str]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def import_model(model: ModelProto, wishes: Wishes | None = None) -> Imported:
    """The spec of a model.

    Args:
        model: as `files.read_model` returns it.
        wishes: about the result.

    Raises:
        TreadleError: E1303 for a damaged model, E1304 for what has no form in Treadle, E1305 for shapes that
            depend on values.
    """
    with deep_stack(), shared_budget():
        return Importer(model, wishes or Wishes()).run()


class Importer:
    """The state of one import.

    Attributes:
        expansion: the spec so far.
        values: what the names of the file mean, inner graphs first.
        nodes: those that the results need.
        uses: how often a name is an operand or a result.
    """

    def __init__(self, model: ModelProto, wishes: Wishes) -> None:
        self.model = model
        self.wishes = wishes
        self.absorbed: set[str] = set()
        self.opsets = {("" if o.domain in _STANDARD else o.domain): o.version for o in model.opset_import}
        given = wishes.title or identifier(model.graph.name) or "Model"
        self.expansion = Expansion(Names().fresh(given[:1].upper() + given[1:], "Model"))
        self.values: ChainMap[str, Value] = ChainMap()
        self.nodes = self._simplified(model.graph)
        self.uses = count_uses(self.nodes, results_of(model.graph))
        self._sizes: dict[str, DimLike] = {}
        self._followers = {label: node for node in self.nodes for label in node.input}
        self._inner = 0

    def _simplified(self, graph: GraphProto) -> list[NodeProto]:
        """The nodes that are needed, fewer where several say together what one operator says."""
        results = results_of(graph)
        nodes = needed_nodes(graph.node, results)
        nodes = joined(graph, nodes, count_uses(nodes, results), self.opset_of(""))
        return needed_nodes(nodes, results)

    def opset_of(self, domain: str) -> int:
        """The version of a domain that the model is written for."""
        return int(self.opsets.get("" if domain in _STANDARD else domain, 1))

    def run(self) -> Imported:
        """Import the whole model."""
        graph = self.model.graph
        self._initialisers(graph)
        inputs = self._inputs(graph)
        self._nodes(self.nodes)
        outputs = {info.name: self._output(info.name) for info in graph.output}
        expansion = self.expansion
        if self.wishes.examples:
            add_training(expansion, inputs.values(), outputs.values(), self.wishes)
        halves = frozenset(path for path, type_ in expansion.leaves.items() if type_.dtype is DType.BF16)
        return Imported(
            expansion.title,
            expansion.spec(),
            expansion.declarations,
            expansion.weights,
            halves,
            inputs,
            outputs,
        )

    def _output(self, label: str) -> str:
        term = self.tensor(self.find(label, "the result"))
        title = self._title(term, label)
        self.expansion.output(title, term)
        return title

    def _title(self, value: Term, label: str) -> str:
        """The name of an output: that of its value if it was called after it."""
        expr = value.expr
        if isinstance(expr, ast.Name) and expr.id == identifier(label):
            return expr.id
        return self.expansion.names.fresh(label, "output")

    # Graphs

    def _initialisers(self, graph: GraphProto) -> None:
        for tensor in graph.initializer:
            self.values[tensor.name] = self.constant(tensor)
        if graph.sparse_initializer:
            unsupported("sparse initialisers")

    def constant(self, tensor: TensorProto) -> Value:
        """A tensor of the file."""
        if tensor.data_type not in DTYPES:
            unsupported(f"element type {type_name(tensor.data_type)} of `{tensor.name}`")
        dtype = DTYPES[tensor.data_type]
        array = np.asarray(_array(tensor)).astype(dtype.numpy_name, copy=False)
        trained = dtype.is_float and array.ndim > 0
        value = Value(TensorType(dtype, array.shape), known=array, trained=trained, label=tensor.name)
        value.element = _held(tensor.data_type)
        return value

    def _inputs(self, graph: GraphProto) -> dict[str, str]:
        titles = {}
        for info in graph.input:
            if info.name in self.values:
                continue  # old files list initialisers among the inputs
            if info.name in self.wishes.fixed:
                self.values[info.name] = self._fixed(info)
                continue
            type_ = self.type_of(info)
            title = self.expansion.names.fresh(info.name, "input")
            term = self.expansion.input(title, type_)
            value = Value(type_, term, label=info.name, roots=frozenset({info.name}))
            value.element = _held(info.type.tensor_type.elem_type)
            self.values[info.name] = value
            titles[info.name] = title
        return titles

    def _fixed(self, info: ValueInfoProto) -> Value:
        array = np.asarray(self.wishes.fixed[info.name])
        number = info.type.tensor_type.elem_type
        if number not in DTYPES:
            unsupported(f"element type {type_name(number)} of input `{info.name}`")
        dtype = DTYPES[number]
        value = Value(TensorType(dtype, array.shape), known=array.astype(dtype.numpy_name), label=info.name)
        value.element = _held(number)
        return value

    def type_of(self, info: ValueInfoProto) -> TensorType:
        """The declared type of an input; sizes without a number become names."""
        kind = info.type.WhichOneof("value")
        if kind != "tensor_type":
            unsupported(f"input `{info.name}` is no tensor but a {(kind or 'value').removesuffix('_type')}")
        tensor = info.type.tensor_type
        if tensor.elem_type not in DTYPES:
            unsupported(f"element type {type_name(tensor.elem_type)} of input `{info.name}`")
        if not tensor.HasField("shape"):
            unsupported(f"input `{info.name}` has no declared number of axes")
        dims = [self._dim(dim, number) for number, dim in enumerate(tensor.shape.dim)]
        return TensorType(DTYPES[tensor.elem_type], tuple(dims))

    def _dim(self, dim: Any, axis: int) -> DimLike:
        if dim.HasField("dim_value"):
            size = int(dim.dim_value)
            return size if size >= 0 else damaged(f"a size of {size}")
        label = dim.dim_param
        if label and label in self._sizes:
            return self._sizes[label]
        title = self.expansion.names.fresh(label or ("N" if axis == 0 else "D"), "D")
        found = symbol(title)
        if label:
            self._sizes[label] = found
        return found

    def follower(self, label: str) -> NodeProto | None:
        """The node that alone uses a value, if there is just one use."""
        return self._followers.get(label) if self.uses[label] == 1 and not self._inner else None

    def is_used(self, label: str) -> bool:
        """Whether something needs a result; inside of other graphs nothing tells."""
        return bool(label) and (self._inner > 0 or self.uses[label] > 0)

    def is_alone(self, value: Value) -> bool:
        """Whether a weight is used once, so that a layer may own it; inside of other graphs nothing tells."""
        return not self._inner and value.trained and value.term is None and self.uses[value.label] == 1

    def find(self, name: str, user: str) -> Value:
        """The value of a name of the file."""
        if name not in self.values:
            damaged(f"{user} uses `{name}`, which nothing before it defines")
        return self.values[name]

    def subgraph(self, graph: GraphProto, inputs: Sequence[Value]) -> list[Value]:
        """The results of an inner graph (a branch, the body of a loop) for values of its inputs."""
        outer, self.values = self.values, self.values.new_child()
        self._inner += 1
        try:
            self._initialisers(graph)
            self.values.update({info.name: value for info, value in zip(graph.input, inputs, strict=True)})
            self._nodes(graph.node)
            return [self.find(info.name, "a result of an inner graph") for info in graph.output]
        finally:
            self._inner -= 1
            self.values = outer

    # Nodes

    def _nodes(self, nodes: Sequence[NodeProto]) -> None:
        for proto in nodes:
            if any(name in self.absorbed for name in proto.output):
                continue  # a node before has taken it in
            label = _label(proto)
            check_node(proto, label, self.opset_of(proto.domain))
            operands = [self.find(name, label) if name else None for name in proto.input]
            while operands and operands[-1] is None:
                operands.pop()
            node = Node(self, proto, operands)
            results = self.translate(node)
            self.bind(node.outputs, results)

    def bind(self, names: Sequence[str], values: Sequence[Value | None]) -> None:
        """Give results their names."""
        for label, value in zip(names, values, strict=False):
            if label in self.values.maps[0]:
                damaged(f"`{label}` is defined twice")
            if label and value is not None:
                self.values[label] = value

    def translate(self, node: Node) -> list[Value | None]:
        """The results of a node.

        Raises:
            TreadleError: E1304 with the node's name, also for what the spec refuses to say.
        """
        domain = "" if node.proto.domain in _STANDARD else node.proto.domain
        translator = find_translator(domain, node.op, node.opset)
        try:
            folded = fold(node)
            if folded is not None:
                return [_labelled(value, label) for value, label in zip(folded, node.outputs, strict=True)]
            if translator is None:
                return self._expanded(node)
            return self._results(node, translator(node))
        except UnknownValueError:
            raise
        except TreadleError as error:
            first = error.diagnostics[0]
            if first.code in {"E1303", "E1304"}:
                raise
            unsupported(f"{node}: {first.message} ({first.code})")
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            damaged(f"{node}: its operands and attributes do not go together: {error}")

    def _expanded(self, node: Node) -> list[Value | None]:
        """The results of an operator that ONNX defines by others."""
        body = body_of(node)
        if body is None:
            where = f" of {node.proto.domain}" if node.proto.domain not in _STANDARD else ""
            node.refuse(f"there is no operator {node.op}{where} in Treadle")
        inputs = {name: node.value(index) for index, name in enumerate(body.inputs) if node.has(index)}
        outer, self.values = self.values, ChainMap(dict(inputs))
        opsets, self.opsets = self.opsets, {**self.opsets, **body.opsets}
        self._inner += 1
        try:
            self._nodes(body.nodes)
            return [
                self.find(name, str(node)) if node.wants(index) else None
                for index, name in enumerate(body.outputs)
            ]
        finally:
            self._inner -= 1
            self.values, self.opsets = outer, opsets

    def _results(self, node: Node, results: Results) -> list[Value | None]:
        listed: list[Result] = [*results] if isinstance(results, list | tuple) else [results]  # type: ignore[list-item]
        return [self._result(node, index, result) for index, result in enumerate(listed)]

    def _result(self, node: Node, index: int, result: Result) -> Value | None:
        if result is None or not node.wants(index):
            return None
        label = node.outputs[index]
        roots = frozenset().union(*(value.roots for value in node.values if value is not None))
        element = result_element(node, index)
        if isinstance(result, Value):
            element = result.element if element is None else element
            roots |= result.roots
            kept = (result.type, result.term, result.known, result.trained)
            return Value(*kept, label, roots, element, result.items)
        result = within(element, node, result)
        if not isinstance(result.expr, ast.Name):
            result = self.expansion.let(result, self.name_for(node, index))
        type_ = self.expansion.type_of(result)
        if type_ is None:
            node.refuse("the result is no tensor")
        return Value(type_, result, label=label, roots=roots, element=element)

    def name_for(self, node: Node, index: int) -> str:
        """A new identifier for a result."""
        label = node.outputs[index] if node.wants(index) else ""
        return self.expansion.names.fresh(label, node.op.lower())

    def tensor(self, value: Value) -> Term:
        """A value as a tensor of the spec: large constants become leaves, small ones are written out."""
        if value.items is not None:
            unsupported(f"`{value.label}` is a sequence; specs have tensors only")
        if value.term is None:
            array = value.known
            assert array is not None  # noqa: S101 - a value without a term is known
            small = array.size <= MOST_INLINE and not value.trained
            if small or array.size == 0 or has_sizes(array):
                value.term = literal(array, value.type.dtype)
            else:
                title = self.expansion.names.fresh(value.label, "constant")
                dtype = value.type.dtype
                value.term = self.expansion.leaf(title, array, dtype, trained=value.trained)
        return value.term


def _held(number: int) -> int | None:
    """The number of an element type that Treadle holds in another one."""
    return number if number in HELD else None


def _labelled(value: Value, label: str) -> Value:
    value.label = label
    return value


def _array(tensor: TensorProto) -> Array:
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as error:
        damaged(f"the tensor `{tensor.name}` is not whole: {error}")


def _label(proto: NodeProto) -> str:
    name = proto.name or next(iter(proto.output), "")
    return f"{proto.op_type[:40]} `{name[:80]}`"
