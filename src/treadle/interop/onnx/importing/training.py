"""What an imported model needs to be trained: a target, a loss, data and a train block.

Input: a model under construction. Output: more statements and blocks. The loss is the one that fits what the
model ends with: softmax, sigmoid, scores, or numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from treadle.frontend import ast
from treadle.interop.onnx.importing.problems import unsupported
from treadle.interop.onnx.importing.terms import NOWHERE, Term, call, name, term
from treadle.types import DType, TensorType

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.expansion import Expansion
    from treadle.interop.onnx.importing.importer import Wishes

_BATCH = 32
_RATE = 1e-4  # of a model that has been trained before


def add_training(expansion: Expansion, inputs: Iterable[str], outputs: Iterable[str], wishes: Wishes) -> None:
    """Append what training needs.

    Raises:
        TreadleError: E1304 for a model without an output of floats.
    """
    value, loss = _objective(expansion, next(iter(outputs)), wishes.loss)
    title = expansion.names.fresh("label" if loss == "cross_entropy" else "wanted")
    target = expansion.target(title, _target_type(expansion, value, loss))
    expansion.run(ast.Loss(None, call(loss, value, target).expr, None, span=NOWHERE))
    if loss == "cross_entropy":
        expansion.run(ast.Metric(None, call("accuracy", value, target).expr, span=NOWHERE))
    data = expansion.names.fresh("Examples")
    expansion.block(_data(data, [*inputs, title], wishes.examples))
    expansion.block(_train(expansion.title, data, wishes.weights))


def _objective(expansion: Expansion, output: str, loss: str) -> tuple[Term, str]:
    """What the loss compares, and the loss: of probabilities the scores they are made of."""
    value = name(output)
    type_ = expansion.type_of(value)
    if type_ is None or not type_.dtype.is_float:
        unsupported("training needs an output of floats", hint="leave `--train` out")
    last, scores = _last_call(expansion, value)
    if last in {"softmax", "log_softmax"} and loss in {"", "cross_entropy"}:
        return scores, "cross_entropy"
    if last == "sigmoid" and loss in {"", "bce_with_logits"}:
        return scores, "bce_with_logits"
    many = type_.rank == 2 and type_.shape[1] != 1
    return value, loss or ("cross_entropy" if many else "mse")


def _last_call(expansion: Expansion, value: Term) -> tuple[str, Term]:
    """The function that gives a value, and its operand."""
    found = expansion.definition_of(value)
    if isinstance(found, ast.Call) and isinstance(found.callee, ast.Name) and found.args:
        return found.callee.id, Term(found.args[0].value)
    return "", value


def _target_type(expansion: Expansion, value: Term, loss: str) -> TensorType:
    type_ = expansion.type_of(value)
    assert type_ is not None  # noqa: S101 - the objective is a tensor
    return TensorType(DType.I64, type_.shape[:-1]) if loss == "cross_entropy" else type_


def _data(title: str, columns: list[str], path: str) -> ast.Data:
    source = _assign("train", call("npz", path))
    return ast.Data(
        title, (), (source, *(_assign(c, name("train").member(c)) for c in columns)), span=NOWHERE
    )


def _assign(title: str, value: Term) -> ast.Assign:
    return ast.Assign((ast.Name(title, span=NOWHERE),), value.expr, span=NOWHERE)


def _train(model: str, data: str, weights: str) -> ast.Train:
    load = [ast.Load(term(weights).expr, (), (), (), None, span=NOWHERE)] if weights else []
    settings = {"optimizer": call("adam", _RATE), "batch": term(_BATCH), "epochs": term(1)}
    items = [ast.Setting(word, (value.expr,), (), span=NOWHERE) for word, value in settings.items()]
    names = (ast.Name(title, span=NOWHERE) for title in (model, data))
    return ast.Train(next(names), (), next(names), (), None, (*load, *items), span=NOWHERE)
