"""Reading model files: whole, of a bounded size, and without leaving the folder of the model.

Input: a path. Output: a model whose own functions are inlined and whose tensors are in memory. Everything in
a file is a claim to be checked: it may come from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path

from google.protobuf.message import DecodeError, Message
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, inliner

from treadle.errors import fail
from treadle.interop.onnx.importing.elements import DTYPES, byte_count
from treadle.interop.onnx.importing.problems import damaged

MOST_BYTES = 2**31  # a protocol buffer holds no more; larger weights lie in files of their own
MOST_NODES = 30_000
MOST_CALLS = 50  # of functions in functions
MOST_DEPTH = 16  # of graphs in graphs


def read_model(path: Path) -> ModelProto:
    """The model of a file.

    Raises:
        TreadleError: E1001 if there is no file, E1006 if it cannot be read, E1303 if it is no whole model.
    """
    if not path.is_file():
        fail("E1001", f"{path} was not found")
    if path.stat().st_size > MOST_BYTES:
        damaged(f"{path} has more than 2 GiB, which no ONNX file has")
    model = ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        fail("E1006", f"{path} cannot be read: {error.strerror or error}")
    except (DecodeError, RecursionError, ValueError):
        damaged(f"{path} is no whole ONNX file")
    _check_texts(model, str(path))
    if not model.graph.output:
        damaged(f"{path} holds no graph with results")
    _check(model)
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL:
            _load_external(tensor, path.parent.resolve())
    return inlined(model)


def _check_texts(message: Message, where: str) -> None:
    """Protocol buffers of this age hand over texts that are no UTF-8 as bytes."""
    for field, value in message.ListFields():
        items = value if _is_listed(value) else [value]
        if field.type == field.TYPE_MESSAGE:
            for item in items:
                _check_texts(item, where)
        elif field.type == field.TYPE_STRING and not all(isinstance(item, str) for item in items):
            damaged(f"{where} holds a name that is no UTF-8 text")


def _is_listed(value: object) -> bool:
    return not isinstance(value, str | bytes | Message) and hasattr(value, "__len__")


def inlined(model: ModelProto) -> ModelProto:
    """The model without functions of its own."""
    if not model.functions:
        return model
    check_functions(model)
    try:
        return inliner.inline_local_functions(model)
    except (RuntimeError, ValueError, DecodeError) as error:
        damaged(f"the functions of the model do not go together: {error}")


def check_functions(model: ModelProto) -> None:
    """Refuse functions that call themselves, or that are too many nodes once all calls are written out.

    Raises:
        TreadleError: E1303.
    """
    bodies = {(function.domain, function.name): function.node for function in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(key: tuple[str, str], around: tuple[tuple[str, str], ...]) -> int:
        if key in around or len(around) > MOST_CALLS:
            damaged(f"the function `{key[1]}` calls itself, or calls are nested too deeply")
        if key not in sizes:
            sizes[key] = count(bodies[key], (*around, key))
        return sizes[key]

    def count(nodes: Iterable[NodeProto], around: tuple[tuple[str, str], ...]) -> int:
        calls = ((node.domain, node.op_type) for node in _inner_nodes(nodes))
        return sum(size(key, around) if key in bodies else 1 for key in calls)

    if count(model.graph.node, ()) > MOST_NODES:
        damaged(f"with its functions written out, the model has more than {MOST_NODES:,} nodes")


def _inner_nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Nodes, and those of the graphs inside them."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from _inner_nodes(attribute.g.node)
            for graph in attribute.graphs:
                yield from _inner_nodes(graph.node)


def _check(model: ModelProto) -> None:
    if not model.opset_import:
        damaged("the model does not say which version of its operators it is written for")
    count = sum(len(graph.node) for graph in _graphs(model.graph))
    count += sum(len(function.node) for function in model.functions)
    if count > MOST_NODES:
        damaged(f"the model has {count:,} nodes; at most {MOST_NODES:,} can be imported")
    for tensor in _tensors(model.graph):
        if any(size < 0 for size in tensor.dims):
            damaged(f"the tensor `{tensor.name}` has a negative size")


def _graphs(graph: GraphProto, depth: int = 0) -> Iterator[GraphProto]:
    """A graph and those inside it."""
    if depth > MOST_DEPTH:
        damaged(f"graphs are nested more than {MOST_DEPTH} levels deep")
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            inner = [attribute.g] if attribute.HasField("g") else []
            for each in [*inner, *attribute.graphs]:
                yield from _graphs(each, depth + 1)


def _tensors(outer: GraphProto) -> Iterator[TensorProto]:
    """All tensors of a graph and the graphs inside it."""
    for graph in _graphs(outer):
        yield from graph.initializer
        for node in graph.node:
            for attribute in node.attribute:
                yield from ([attribute.t] if attribute.HasField("t") else [])
                yield from attribute.tensors


def _load_external(tensor: TensorProto, folder: Path) -> None:
    """Reads a tensor that lies in another file, which must lie below the model's folder."""
    facts = {entry.key: entry.value for entry in tensor.external_data}
    location, what = facts.get("location", ""), f"the tensor `{tensor.name}`"
    path = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not path.is_relative_to(folder):
        damaged(f'{what} lies in "{location}", which is not below the folder of the model')
    if not path.is_file():
        damaged(f'{what} lies in "{location}", which was not found beside the model')
    start, length = _range(facts, what)
    needed = _byte_count(tensor, what)
    if length is not None and length != needed:
        damaged(f"{what} has {needed:,} bytes, but {length:,} are said to hold it")
    if start + needed > path.stat().st_size:
        damaged(f'{what} needs {needed:,} bytes of "{location}", which ends before')
    with path.open("rb") as file:
        file.seek(start)
        tensor.raw_data = file.read(needed)
    tensor.data_location = TensorProto.DEFAULT
    del tensor.external_data[:]


def _range(facts: dict[str, str], what: str) -> tuple[int, int | None]:
    try:
        start = int(facts.get("offset", "0"))
        length = int(facts["length"]) if "length" in facts else None
    except ValueError:
        damaged(f"the place of {what} is no number")
    return start if start >= 0 else damaged(f"the place of {what} is negative"), length


def _byte_count(tensor: TensorProto, what: str) -> int:
    if tensor.data_type not in DTYPES:
        fail("E1304", f"{what} has an element type that Treadle does not have")
    return byte_count(tensor.data_type, prod(tensor.dims))
