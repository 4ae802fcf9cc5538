"""Elaborating a `generate` block: a trained model and what is drawn from it.

For sequences, `next logits` says what predicts the symbol that follows; the graph draws it, after
`temperature`, `top_k`, `top_p` or functions of the spec (`filter f`) have changed the scores. `h <- value`
says what an input is in the next step. For anything else `images x` and `arrays x` name results.
Input: a block. Output: `GeneratePlan`. Non-goals: the loop over symbols, text (`train.generation`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from treadle.errors import Diagnostics, TreadleError, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert, leaves, settings, statements
from treadle.frontend.elaborate.arguments import Arguments, Given, bind, evaluate_arguments, slots_of
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.model import ExpandedModel, expand, find_model, model_graph
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Silenced, Tensor, Value, describe, is_number
from treadle.frontend.program import Module
from treadle.frontend.result import POSITION_INPUT, GeneratePlan, SequencePlan
from treadle.types import DType, TensorType

FILTERS = {
    "temperature": "tempered",
    "top_k": "keep_top_k",
    "top_p": "keep_top_p",
}  # functions of the library
RESULTS = ("images", "arrays")
PLAIN = ("prompt", "length", "until", "context", "beam", "penalty", "count", "seed")
WORDS = ("next", "greedy", "filter", "symbols", *FILTERS, *RESULTS, *PLAIN)
_KINDS: dict[str, tuple[type, ...]] = {
    "prompt": (str, list),
    "until": (str, int, list),
    "penalty": (int, float),
}


@dataclass
class _Sink:
    """What the statements of a generate block mean: settings by word, and next values of inputs."""

    inputs: list[str]
    settings: dict[str, list[ast.Setting]] = field(default_factory=dict)
    carried: dict[str, Tensor] = field(default_factory=dict)

    def setting(self, _el: Elaborator, statement: ast.Setting, _scope: Scope) -> None:
        """A setting of the block."""
        word = statement.word
        if word not in WORDS:
            hint = did_you_mean(word, WORDS) or f"settings are: {', '.join(WORDS)}"
            fail("E0601", f"`{word}` is no setting of a generate block", statement.span, hint=hint)
        if word in self.settings and word not in (*RESULTS, "filter"):
            fail("E0603", f"`{word}` is given twice", statement.span)
        self.settings.setdefault(word, []).append(statement)

    def update(self, el: Elaborator, statement: ast.Update, scope: Scope) -> None:
        """`h <- value`: what the input `h` is in the next step; it begins with zeros."""
        name = statement.target.id
        if name not in self.inputs:
            hint = did_you_mean(name, self.inputs)
            fail("E1204", f"`{name}` is no input of the model", statement.target.span, hint=hint)
        value = el.evaluate(statement.value, scope)
        type_ = el.root.graph.inputs[name].type
        with el.at(statement.span):
            self.carried[name] = leaves.fit(el, value, type_, f"`{name}`", statement.value.span)


class _Planner:
    """Builds the plan of one block."""

    def __init__(self, module: Module, block: ast.Generate, name: str) -> None:
        self.module = module
        self.block = block
        self.name = name
        owner, model = find_model(module, block.model.id, block.model.span)
        span = block.model.span
        self.expanded: ExpandedModel = expand(owner, model, block.model_args, span, training=False)
        self.el = self.expanded.el
        self.scope = Scope(self.expanded.scope)
        self.sink = _Sink([*self.expanded.sink.inputs])

    def plan(self) -> GeneratePlan | None:
        """The plan, or None when mistakes were found; they are in the elaborator's diagnostics."""
        if self.el.diagnostics.has_errors:
            return None
        model = model_graph(self.expanded)
        self.el.sink = self.sink
        try:
            statements.run_all(self.el, self.block.items, self.scope)
            if not self.el.diagnostics.has_errors:
                return self._finished(model.batch)
        except TreadleError as error:
            self.el.report(error)
        except Silenced:
            pass  # its cause has been reported
        return None

    def _finished(self, batch: str | None) -> GeneratePlan:
        outputs = self.el.root.graph.outputs
        outputs.clear()
        self.el.root.graph.updates.clear()
        given = {word: self._plain(found[-1]) for word, found in self.sink.settings.items() if word in PLAIN}
        sequence = self._sequence() if "next" in self.sink.settings else None
        if sequence is None:
            self._results()
        return GeneratePlan(
            name=self.name,
            model=model_graph(self.expanded),
            data=self.block.data.id if self.block.data else None,
            data_arguments=self._data_arguments(),
            graph=self.el.root.graph,
            sequence=sequence,
            settings=given,
            batch=batch,
            seed=int(given.get("seed", 0)),
            span=self.block.span,
        )

    def _results(self) -> None:
        for word in RESULTS:
            for setting in self.sink.settings.get(word, ()):
                for expr in setting.values:
                    value = convert.to_tensor(self.el, self.el.evaluate(expr, self.scope), expr.span)
                    self._check_image(word, value, expr)
                    name = expr.id if isinstance(expr, ast.Name) else word
                    self.el.root.graph.outputs[f"{word}:{name}"] = value.node
        if not self.el.root.graph.outputs:
            hint = "write `next logits` for a sequence, `images x` or `arrays x` for anything else"
            fail("E1203", f"`generate {self.block.model.id}` names no result", self.block.span, hint=hint)

    def _check_image(self, word: str, value: Tensor, expr: ast.Expr) -> None:
        if word == "images" and not (value.rank == 3 or (value.rank == 4 and value.shape[1] in (1, 3))):
            wanted = "images are [N, H, W], [N, 1, H, W] or [N, 3, H, W]"
            fail("E1204", f"{wanted}, not {value.type}", expr.span, hint="`arrays` writes anything")

    def _sequence(self) -> SequencePlan:
        """Adds the outputs `scores`, `next` and one per carried input."""
        el, (setting,) = self.el, self.sink.settings["next"]
        symbols = self._symbols_input(setting)
        with el.at(setting.span):
            scores, whole = self._at_position(setting, el.root.graph.inputs[symbols].type)
            scores = self._call("log_softmax", [scores], setting)
            chosen = self._draw(scores)
            el.root.graph.outputs |= {"scores": scores.node, "next": chosen.node}
        for name, value in self.sink.carried.items():
            el.root.graph.outputs[f"carry:{name}"] = value.node
        return SequencePlan(symbols, whole, tuple(self.sink.carried))

    def _symbols_input(self, setting: ast.Setting) -> str:
        """The input that holds the symbols so far: named by `symbols x`, or the only one of integers."""
        inputs = self.el.root.graph.inputs
        named = self.sink.settings.get("symbols")
        if named is not None:
            expr = settings.single(named[0])
            if not isinstance(expr, ast.Name) or expr.id not in self.sink.inputs:
                fail("E1204", "`symbols` names an input of the model", expr.span)
            return expr.id
        types = {name: inputs[name].type for name in self.sink.inputs}
        found = [n for n, t in types.items() if t.dtype in (DType.I32, DType.I64) and t.rank in (1, 2)]
        if len(found) != 1:
            hint = "name it: `symbols text`"
            message = f"which of {len(found)} inputs holds the symbols so far is not clear"
            fail("E1204", message, setting.span, hint=hint)
        return found[0]

    def _at_position(self, setting: ast.Setting, symbols: TensorType) -> tuple[Tensor, bool]:
        """Scores [N, symbols] after the last symbol; the second part: whether all places are predicted."""
        expr = settings.single(setting)
        value = convert.to_tensor(self.el, self.el.evaluate(expr, self.scope), expr.span)
        if value.rank not in (2, 3) or not value.dtype.is_float or value.rank > symbols.rank + 1:
            wanted = "`next` takes scores [N, symbols] or [N, T, symbols]"
            fail("E1204", f"{wanted}, not {value.type}", expr.span)
        if value.rank == 2:
            return value, False
        with self.el.root.builder.at(setting.span, ""):
            position = self.el.root.builder.input(POSITION_INPUT, TensorType(DType.I64, ()))
        return self.el.op("take", value, self.el.root.tensor(position), axis=1), True

    def _draw(self, scores: Tensor) -> Tensor:
        for word, function in FILTERS.items():
            for setting in self.sink.settings.get(word, ()):
                amount = self.el.evaluate(settings.single(setting), self.scope)
                if not is_number(amount) or amount <= 0:
                    fail("E1204", f"`{word}` takes a number above 0, not {describe(amount)}", setting.span)
                scores = self._call(function, [scores, amount], setting)
        for setting in self.sink.settings.get("filter", ()):
            own = self.el.evaluate(settings.single(setting), self.scope)
            scores = self._apply(own, [scores], setting)
        (setting,) = self.sink.settings["next"]
        return self._call("greedy" if "greedy" in self.sink.settings else "categorical", [scores], setting)

    def _call(self, function: str, values: list[Value], setting: ast.Setting) -> Tensor:
        return self._apply(self.scope.lookup(function, setting.span), values, setting)

    def _apply(self, function: Value, values: list[Value], setting: ast.Setting) -> Tensor:
        given = Arguments([Given(value, setting.span) for value in values], {})
        with self.el.at(setting.span):
            result = self.el.call(function, given, setting)
        return convert.to_tensor(self.el, result, setting.span)

    def _plain(self, setting: ast.Setting) -> Any:
        value = settings.plain(self.el, setting, self.scope)
        kinds = _KINDS.get(setting.word, (int,))
        if not isinstance(value, kinds) or isinstance(value, bool):
            fail("E1204", f"`{setting.word}` cannot be {describe(value)}", setting.span)
        if isinstance(value, int | float) and value < 0:
            fail("E1204", f"`{setting.word}` cannot be below 0", setting.span)
        return value

    def _data_arguments(self) -> dict[str, Value]:
        if self.block.data is None:
            return {}
        found = self.module.find(self.block.data.id)
        if found is None or not isinstance(found[1], ast.Data):
            fail("E0609", f"there is no data block `{self.block.data.id}`", self.block.data.span)
        given = evaluate_arguments(self.el, self.block.data_args, self.scope)
        bound = bind(found[1].name, slots_of(found[1].params), given, self.block.span)
        return {name: value.value for name, value in bound.items()}


def plan(module: Module, block: ast.Generate, name: str, problems: Diagnostics) -> GeneratePlan | None:
    """The plan of a generate block, or None; mistakes are added to `problems`."""
    try:
        planner = _Planner(module, block, name)
    except TreadleError as error:
        problems.extend(error.diagnostics)
        return None
    result = planner.plan()
    problems.extend(planner.el.diagnostics)
    return result
