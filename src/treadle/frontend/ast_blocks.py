"""Syntax tree: statements and top-level blocks. Import these from `treadle.frontend.ast`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from treadle.frontend.ast_exprs import Argument, Expr, Name, Node, Parameter, TensorType, Type


@dataclass(frozen=True)
class Input(Node):
    """`input name: type`."""

    name: str
    type: TensorType


@dataclass(frozen=True)
class Target(Node):
    """`target name: type`: an input that exists only while training and evaluating."""

    name: str
    type: TensorType


@dataclass(frozen=True)
class Param(Node):
    """`param name: type = init`: a trained tensor; `init` is missing when it is bound from elsewhere."""

    name: str
    type: TensorType
    init: Expr | None


@dataclass(frozen=True)
class State(Node):
    """`state name: type = init`: a kept tensor, changed only by `<-`; its type defaults to `init`'s."""

    name: str
    type: TensorType | None
    init: Expr


@dataclass(frozen=True)
class Const(Node):
    """`const name = value`: a compile-time value."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Output(Node):
    """`output [name =] value`."""

    name: str | None
    value: Expr


@dataclass(frozen=True)
class Loss(Node):
    """`loss [name =] value [weight w]`."""

    name: str | None
    value: Expr
    weight: Expr | None


@dataclass(frozen=True)
class Metric(Node):
    """`metric [name =] value`."""

    name: str | None
    value: Expr


@dataclass(frozen=True)
class Assign(Node):
    """`targets = value`; with several targets the value is a tuple, a list or a call with several results."""

    targets: tuple[Name, ...]
    value: Expr


@dataclass(frozen=True)
class Update(Node):
    """`target <- value`: the value that a state (or an optimizer's weight) has after this step."""

    target: Name
    value: Expr


@dataclass(frozen=True)
class Return(Node):
    """`return a, b`; also the body of `fn f(x) = a`."""

    values: tuple[Expr, ...]


@dataclass(frozen=True)
class Yield(Node):
    """`yield a, b` in a scan."""

    values: tuple[Expr, ...]


@dataclass(frozen=True)
class For(Node):
    """`for targets in iterable { body }`, unrolled at compile time."""

    targets: tuple[Name, ...]
    iterable: Expr
    body: tuple[BlockItem, ...]


@dataclass(frozen=True)
class If(Node):
    """`if condition { then } else { otherwise }`, decided at compile time; `else if` nests in `otherwise`."""

    condition: Expr
    then: tuple[BlockItem, ...]
    otherwise: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Require(Node):
    """`require condition else "message"`."""

    condition: Expr
    message: str


@dataclass(frozen=True)
class ExprStatement(Node):
    """An expression on a line of its own."""

    value: Expr


@dataclass(frozen=True)
class Condition(Node):
    """`condition else "message"` in the `where` part of a definition."""

    condition: Expr
    message: str


@dataclass(frozen=True)
class Use(Node):
    """`use "path"`; with `as alias` its definitions are reached as `alias.name`."""

    path: str
    alias: str | None


@dataclass(frozen=True)
class Model(Node):
    """`model name(params) { body }`."""

    name: str
    params: tuple[Parameter, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Definition(Node):
    """A named thing with `config` (first call) and `inputs` (second call).

    An `fn` has inputs only. A body written `= value` holds one `Return` and `short` is set.
    """

    name: str
    config: tuple[Parameter, ...]
    inputs: tuple[Parameter, ...]
    returns: tuple[Type, ...]
    conditions: tuple[Condition, ...]
    body: tuple[Statement, ...]
    short: bool = False


class Layer(Definition):
    """`layer name(config)(inputs) -> types where conditions { body }`."""


class Fn(Definition):
    """`fn name(inputs) -> types where conditions = value` or `{ body }`."""


class Optimizer(Definition):
    """`optimizer name(config)(w, g) { body }`."""


class Schedule(Definition):
    """`schedule name(config)(step) = value` or `{ body }`."""


class Init(Definition):
    """`init name(config)(shape) = value` or `{ body }`."""


@dataclass(frozen=True)
class Setting(Node):
    """`word values [over selectors]` in a train or data block: `batch 64`, `decay l2(1e-4) over weights`.

    Some have a second word, kept in `word`: `stop when`, `keep best`, `keep last`, `keep every`, `save
    every`, whose values are then listed; what stands between them, such as `by`, is not kept.
    """

    word: str
    values: tuple[Expr, ...]
    over: tuple[Expr, ...]


@dataclass(frozen=True)
class Minimize(Node):
    """`minimize value [over selectors] [with optimizer]`."""

    value: Expr
    over: tuple[Expr, ...]
    optimizer: Expr | None


@dataclass(frozen=True)
class Phase(Node):
    """`phase name [repeat n] { items }`."""

    name: str
    repeat: Expr | None
    items: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Augment(Node):
    """`augment(split) { body }`: applied to fresh examples of that split each time they are drawn."""

    split: Name
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Data(Node):
    """`data name(params) { items }`."""

    name: str
    params: tuple[Parameter, ...]
    items: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Train(Node):
    """`train model(model_args) [on data(data_args)] [as alias] { items }`."""

    model: Name
    model_args: tuple[Argument, ...]
    data: Name | None
    data_args: tuple[Argument, ...]
    alias: str | None
    items: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Generate(Node):
    """`generate model(model_args) [on data(data_args)] [as alias] { items }`."""

    model: Name
    model_args: tuple[Argument, ...]
    data: Name | None
    data_args: tuple[Argument, ...]
    alias: str | None
    items: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Sweep(Node):
    """`sweep train [as alias] { items }`: trainings with varied values; `train` names a train block."""

    train: Name
    alias: str | None
    items: tuple[BlockItem, ...]


@dataclass(frozen=True)
class Adapt(Node):
    """`adapt model(model_args) as name { items }`: a model like another, with some layers wrapped."""

    model: Name
    model_args: tuple[Argument, ...]
    name: str
    items: tuple[BlockItem, ...]

    params: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Vary(Node):
    """`path in values`: what a sweep varies, and the values it takes."""

    path: tuple[str, ...]
    values: Expr


@dataclass(frozen=True)
class Load(Node):
    """`load file [into selectors] [rename rules] [transpose rules] [partial patterns]`: weights from a file.

    `partial` is None where it is not written, and empty where it is written without patterns.
    """

    file: Expr
    into: tuple[Expr, ...]
    rename: tuple[Expr, ...]
    transpose: tuple[Expr, ...]
    partial: tuple[Expr, ...] | None


@dataclass(frozen=True)
class Wrap(Node):
    """`wrap layers [at patterns] with wrapper`: each such layer becomes `wrapper(layer)`."""

    layers: tuple[Name, ...]
    places: tuple[Expr, ...]
    wrapper: Expr


Statement: TypeAlias = (
    Input
    | Target
    | Param
    | State
    | Const
    | Output
    | Loss
    | Metric
    | Assign
    | Update
    | Return
    | Yield
    | For
    | If
    | Require
    | ExprStatement
)
BlockItem: TypeAlias = Statement | Setting | Minimize | Phase | Augment | Vary | Load | Wrap
TopLevel: TypeAlias = Use | Const | Model | Definition | Data | Train | Generate | Sweep | Adapt


@dataclass(frozen=True)
class Spec(Node):
    """One file: its blocks in order, and its comments (offset and text) for the formatter."""

    blocks: tuple[TopLevel, ...]
    comments: tuple[tuple[int, str], ...] = field(default=(), compare=False)
