"""The spec under construction: statements, what they mean, and the leaves whose values the file holds.

Each statement is run by the elaborator as soon as it is written, so that the type of every name is known.
Input: terms. Output: a syntax tree of a model. Non-goals: ONNX.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from treadle.frontend import ast
from treadle.frontend.elaborate import statements
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.models import ModelSink
from treadle.frontend.elaborate.modules import Modules
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Tensor
from treadle.frontend.elaborate.values import Value as Meaning
from treadle.frontend.program import link
from treadle.interop.onnx.importing.naming import Names
from treadle.interop.onnx.importing.problems import unsupported
from treadle.interop.onnx.importing.terms import NOWHERE, Operand, Term, name
from treadle.interop.onnx.importing.tidy import tidied
from treadle.interop.onnx.importing.values import Array
from treadle.source import Source
from treadle.types import DimLike, DType, TensorType

_VIEWS = frozenset({"slice", "reshape", "transpose", "broadcast_to", "gather", "cast"})


class Expansion:
    """A model that grows by statements.

    Attributes:
        names: the identifiers in use.
        weights: values of the leaves, by path.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.names = Names({title})
        self.weights: dict[str, Array] = {}
        self._el = Elaborator(title, training=False)
        self._el.sink = ModelSink()
        self._scope = Scope(Modules(self._el).scope_of(link(Source(title, ""))))
        self._body: list[ast.Statement] = []
        self._declared: list[ast.Statement] = []
        self._layers: set[str] = set()
        self._blocks: list[ast.TopLevel] = []

    def run(self, statement: ast.Statement) -> None:
        """Append a statement.

        Raises:
            TreadleError: what the elaborator finds wrong with it.
        """
        self._elaborate(statement)
        self._body.append(statement)

    def _elaborate(self, statement: ast.Statement) -> None:
        statements.run(self._el, statement, self._scope)
        if self._el.diagnostics.has_errors:
            found, self._el.diagnostics = self._el.diagnostics, type(self._el.diagnostics)()
            found.raise_if_errors()

    def input(self, title: str, type_: TensorType) -> Term:
        """`input title: type`."""
        self._declare(ast.Input(title, type_node(type_), span=NOWHERE))
        return name(title)

    def leaf(self, title: str, array: Array, dtype: DType, *, trained: bool) -> Term:
        """`param title: type = 0`, or a state, which training leaves alone; its value comes from the file."""
        type_ = type_node(TensorType(dtype, array.shape))
        zero = ast.Literal(False if dtype is DType.BOOL else 0, span=NOWHERE)
        kind = ast.Param if trained and dtype.is_float else ast.State
        self._declare(kind(title, type_, zero, span=NOWHERE))
        self.weights[title] = array
        return name(title)

    def _declare(self, statement: ast.Statement) -> None:
        """Append to the declarations at the beginning of the model."""
        self._elaborate(statement)
        self._declared.append(statement)

    def let(self, value: Term, title: str) -> Term:
        """`title = value`; the name."""
        return self.let_all(value, [title])[0]

    def let_all(self, value: Term, titles: Sequence[str]) -> list[Term]:
        """`a, b = value`; the names."""
        targets = tuple(ast.Name(title, span=NOWHERE) for title in titles)
        self.run(ast.Assign(targets, value.expr, span=NOWHERE))
        return [name(title) for title in titles]

    def layer(
        self,
        title: str,
        built: Term,
        operands: Sequence[Operand],
        weights: Mapping[str, Array],
        result: str,
    ) -> Term:
        """`title = built` and `result = title(operands)`; the weights are the values of its leaves.

        Raises:
            TreadleError: E1304 if the layer has other leaves.
        """
        self._declare(ast.Assign((ast.Name(title, span=NOWHERE),), built.expr, span=NOWHERE))
        self._layers.add(title)
        before = self.leaves
        value = self.let(name(title)(*operands), result)
        owned = {path.removeprefix(f"{title}."): path for path in self.leaves if path not in before}
        if owned.keys() != weights.keys() or any(
            self.leaves[path].shape != weights[own].shape for own, path in owned.items()
        ):
            unsupported(f"the layer `{title}` has other weights than the file gives")
        self.weights.update({owned[own]: array for own, array in weights.items()})
        return value

    def output(self, title: str, value: Term) -> None:
        """`output title = value`, or `output title` of what has this name."""
        expr = value.expr
        own = isinstance(expr, ast.Name) and expr.id == title
        self.run(ast.Output(None if own else title, expr, span=NOWHERE))

    def meaning(self, value: Term) -> Meaning:
        """What an expression means: a tensor, a number, a layer, ..."""
        return self._el.evaluate(value.expr, self._scope)

    def type_of(self, value: Term) -> TensorType | None:
        """The type of an expression; None if it is no tensor."""
        meaning = self.meaning(value)
        return meaning.type if isinstance(meaning, Tensor) else None

    def is_zero(self, value: Term) -> bool:
        """Whether a tensor is made of zeros by its expression alone: `full` with 0, or a part of it."""
        meaning = self.meaning(value)
        if not isinstance(meaning, Tensor):
            return False
        node = meaning.node
        while node.op in _VIEWS:
            node = node.inputs[0]
        return node.op == "const" and node.attrs["value"] == 0

    @property
    def leaves(self) -> dict[str, TensorType]:
        """The types of all parameters and states so far."""
        return {path: leaf.type for path, leaf in self._el.leaves.items()}

    @contextmanager
    def aside(self) -> Iterator[list[ast.Statement]]:
        """Statements inside the `with` block go to the list that it gets: the body of a scan."""
        before, self._body = self._body, []
        try:
            yield self._body
        finally:
            self._body = before

    def target(self, title: str, type_: TensorType) -> Term:
        """`target title: type`."""
        self._declare(ast.Target(title, type_node(type_), span=NOWHERE))
        return name(title)

    def definition_of(self, value: Term) -> ast.Expr | None:
        """The expression that a name stands for."""
        for statement in self._body:
            if isinstance(statement, ast.Assign) and [target.id for target in statement.targets] == [
                _id(value)
            ]:
                return statement.value
        return None

    def block(self, block: ast.TopLevel) -> None:
        """Append a block after the model."""
        self._blocks.append(block)

    @property
    def declarations(self) -> int:
        """How many statements declare inputs, leaves and layers, at the beginning of the model."""
        return len(self._declared)

    def spec(self) -> ast.Spec:
        """The model, and the blocks after it, as a syntax tree."""
        body = (*self._declared, *tidied(self._body, self._layers))
        return ast.Spec((ast.Model(self.title, (), body, span=NOWHERE), *self._blocks), span=NOWHERE)


def _id(value: Term) -> str | None:
    return value.expr.id if isinstance(value.expr, ast.Name) else None


def type_node(type_: TensorType) -> ast.TensorType:
    """A type as a spec writes it."""
    named = None if type_.dtype is DType.F32 else type_.dtype.value
    return ast.TensorType(named, tuple(_size(dim) for dim in type_.shape), span=NOWHERE)


def _size(dim: DimLike) -> ast.Expr:
    if isinstance(dim, int):
        return ast.Literal(dim, span=NOWHERE)
    return ast.Name(str(dim), span=NOWHERE)
