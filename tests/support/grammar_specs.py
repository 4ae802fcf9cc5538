"""Random specs of good syntax whose names mostly exist: they reach deep into the elaborator.

All choices come from the `Random` that is passed in: hypothesis gives one that it can shrink.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from random import Random

from treadle.frontend import ast
from treadle.frontend.elaborate.builtins.registry import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.frontend.program import library_block, library_names

NUMBERS = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "8",
    "0.5",
    "1e-3",
    "-1",
    "100",
    "10^9",
    "2^63",
    "9223372036854775807",
    "1e308",
]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "and", "or"]
OPERATORS = [*["+", "-", "*", "/", "//", "%", "@", "^"], *COMPARISONS]
DIMS = ["N", "T", "M", "1", "2", "4", "8", "N * 2", "T // 2", "N + 1", "10^12", "0"]
DTYPES = ["", "", "", "f32", "f64", "i64", "bool", "u8", "bf16"]
WORDS = [
    "batch",
    "epochs",
    "steps",
    "seed",
    "decay",
    "rate",
    "freeze",
    "clip",
    "shuffle",
    "constrain",
    "ema",
    "odd",
]


@dataclass(frozen=True)
class Callable:
    """Something of the library to call: its parameters, and of the second call if there is one."""

    name: str
    params: tuple[str, ...]
    inputs: tuple[str, ...] | None


@cache
def callables() -> list[Callable]:
    """The builtins and the library."""
    found = [
        Callable(name, tuple(param.name for param in value.params), None)
        for name, value in BUILTINS.items()
        if isinstance(value, Builtin)
    ]
    for name in sorted(library_names()):
        block = library_block(name)
        if isinstance(block, ast.Fn):
            found.append(Callable(name, tuple(p.name for p in block.inputs), None))
        elif isinstance(block, ast.Definition):
            inputs = tuple(p.name for p in block.inputs)
            found.append(Callable(name, tuple(p.name for p in block.config), inputs))
    return found


@dataclass
class Writer:
    """Writes one spec.

    Attributes:
        names: what can be referred to at the current place.
        depth: how many levels an expression may still have.
    """

    rng: Random
    names: list[str] = field(default_factory=list)
    count: int = 0

    def spec(self) -> str:
        """A whole file."""
        blocks = [self.definition() for _ in range(self.rng.randrange(3))]
        blocks.append(self.model())
        if self.rng.random() < 0.5:
            blocks.append(self.train())
        return "\n".join(blocks)

    def fresh(self) -> str:
        """A name, new or taken."""
        if self.names and self.rng.random() < 0.3:
            return self.rng.choice(self.names)
        self.count += 1
        return f"{self.rng.choice('abhwxyz')}{self.count}"

    def definition(self) -> str:
        """A layer, a function or a constant."""
        kind = self.rng.choice(["layer", "fn", "const", "init", "schedule", "optimizer"])
        name = self.fresh()
        if kind == "const":
            line = f"const {name} = {self.expr(2)}"
            self.names.append(name)
            return line
        outer = list(self.names)
        params = [self.fresh() for _ in range(self.rng.randrange(3))]
        first = f"({', '.join(f'{p} = {self.literal()}' for p in dict.fromkeys(params))})"
        inputs = list(dict.fromkeys(self.fresh() for _ in range(self.rng.choice([1, 1, 2]))))
        types = [self.rng.choice(["", f": {self.type_()}"]) for _ in inputs]
        second = f"({', '.join(map(''.join, zip(inputs, types, strict=True)))})"
        self.names += [*params, *inputs]
        body = self.body(kind, self.rng.randrange(1, 4))
        self.names = [*outer, name]
        return f"{kind} {name}{'' if kind == 'fn' else first}{second} {body}"

    def model(self) -> str:
        """A model with an input or two."""
        lines = [self.input_() for _ in range(self.rng.choice([1, 1, 2]))]
        lines += [self.statement("model", 2) for _ in range(self.rng.randrange(1, 7))]
        lines.append(f"output {self.expr(2)}")
        return "model M {\n" + "\n".join(lines) + "\n}"

    def input_(self) -> str:
        name = self.fresh()
        line = f"{self.rng.choice(['input', 'input', 'target'])} {name}: {self.type_()}"
        self.names.append(name)
        return line

    def train(self) -> str:
        """A train block: settings, and sometimes a phase."""
        lines = [
            f"optimizer {self.rng.choice(['sgd(0.1)', 'adam(1e-3)', self.expr(2)])}",
            "batch 4",
            "steps 2",
        ]
        for _ in range(self.rng.randrange(3)):
            over = self.rng.choice(["", f" over {self.rng.choice([*self.names, 'weights', 'biases'])}"])
            lines.append(f"{self.rng.choice(WORDS)} {self.expr(2)}{over}")
        if self.rng.random() < 0.3:
            lines.append(f"phase p {{\nminimize {self.expr(3)}\n}}")
        return "train M {\n" + "\n".join(lines) + "\n}"

    def type_(self) -> str:
        dims = [
            self.rng.choice(DIMS if self.rng.random() < 0.3 else DIMS[:8])
            for _ in range(self.rng.randrange(4))
        ]
        if self.rng.random() < 0.2:
            dims[0:0] = ["..."]
        return f"{self.rng.choice(DTYPES)}[{', '.join(dims)}]"

    def body(self, kind: str, count: int) -> str:
        lines = [self.statement(kind, 2) for _ in range(count)]
        lines.append(f"return {self.expr(2)}")
        return "{\n" + "\n".join(lines) + "\n}"

    def block(self, kind: str, depth: int) -> str:
        return "{\n" + "\n".join(self.statement(kind, depth) for _ in range(self.rng.randrange(1, 3))) + "\n}"

    def statement(self, kind: str, depth: int) -> str:
        """One statement of a body."""
        choice = self.rng.random()
        if choice < 0.5 or depth == 0:
            return self.assignment()
        if kind in ("layer", "model") and choice < 0.6:
            return f"param {self.fresh()}: {self.type_()} = {self.expr(1)}"
        if kind in ("layer", "model", "optimizer") and choice < 0.65:
            return f"state {self.fresh()} = {self.expr(1)}"
        if kind in ("layer", "model", "optimizer") and choice < 0.7:
            return f"{self.rng.choice([*self.names, 'x'])} <- {self.expr(2)}"
        if choice < 0.78:
            over = self.rng.choice(["range(3)", self.expr(2)])
            return f"for {self.fresh()} in {over} {self.block(kind, depth - 1)}"
        if choice < 0.84:
            return f"if {self.condition()} {self.block(kind, depth - 1)} else {self.block(kind, depth - 1)}"
        if choice < 0.88:
            return f'require {self.condition()} else "no"'
        if kind == "model":
            return f"{self.rng.choice(['loss', 'metric', 'output'])} {self.expr(3)}"
        return self.assignment()

    def assignment(self) -> str:
        value = self.scan() if self.rng.random() < 0.1 else self.expr(3)
        targets = [self.fresh() for _ in range(self.rng.choice([1, 1, 1, 1, 2]))]
        self.names += targets
        return f"{', '.join(targets)} = {value}"

    def scan(self) -> str:
        index, carry = self.fresh(), self.fresh()
        over = self.rng.choice([self.name(), "range(3)", self.expr(1)])
        along = self.rng.choice(["", " along N", " along T", " along 0", f" along {self.expr(0)}"])
        extra = self.rng.choice(["", "", " reverse", " truncate 2"])
        outer = list(self.names)
        head = f"scan {index} in {over}{along}{extra} with {carry} = {self.expr(1)} "
        self.names += [index, carry]
        body = f"{{\n{carry} = {self.expr(2)}\nyield {self.expr(2)}\n}}"
        self.names = outer
        return head + body

    def condition(self) -> str:
        return self.rng.choice(
            ["true", "training", f"{self.expr(1)} {self.rng.choice(OPERATORS[8:])} {self.expr(1)}"]
        )

    def expr(self, depth: int) -> str:
        """An expression of at most this depth."""
        if depth == 0 or self.rng.random() < 0.15:
            return self.name() if self.rng.random() < 0.65 else self.literal()
        inner = depth - 1
        kind = self.rng.randrange(13)
        if kind < 3:
            return f"({self.expr(inner)} {self.rng.choice(OPERATORS)} {self.expr(inner)})"
        if kind < 7:
            return self.call(inner)
        if kind == 7:
            return f"({self.expr(inner)} |> {self.call(inner, piped=True)})"
        if kind == 8:
            items = [
                self.rng.choice([self.expr(inner), ":", "1:", ":-1", "::2", "::-1", "..."]) for _ in range(2)
            ]
            return f"{self.expr(inner)}[{', '.join(items[: self.rng.choice([1, 1, 2])])}]"
        if kind == 9:
            return f"[{', '.join(self.expr(inner) for _ in range(self.rng.randrange(4)))}]"
        if kind == 10:
            return f"[{self.expr(inner)} for {self.fresh()} in {self.expr(inner)}]"
        if kind == 11:
            return f"({self.rng.choice(['-', 'not ', 'fn(q) = '])}{self.expr(inner)})"
        return f"{self.expr(inner)}.{self.rng.choice(['T', 'shape', 'rank', 'size', 'W', 'dtype'])}"

    def call(self, depth: int, *, piped: bool = False) -> str:
        """A call of something of the library or of this file."""
        if self.names and self.rng.random() < 0.15:
            return f"{self.rng.choice(self.names)}({self.expr(depth)})"
        target = self.rng.choice(callables())
        text = f"{target.name}({self.arguments(target.params, depth, skip=piped and target.inputs is None)})"
        if target.inputs is not None and not piped:
            text += f"({self.arguments(target.inputs, depth)})"
        return text

    def arguments(self, params: tuple[str, ...], depth: int, *, skip: bool = False) -> str:
        taken = params[int(skip) : self.rng.randrange(len(params) + 1) + 1]
        first_named = self.rng.randrange(len(taken) + 1)
        values = [self.expr(depth) for _ in taken]
        return ", ".join(
            value if i < first_named else f"{name} = {value}"
            for i, (name, value) in enumerate(zip(taken, values, strict=True))
        )

    def name(self) -> str:
        return self.rng.choice(self.names[-6:]) if self.names else "x"

    def literal(self) -> str:
        return self.rng.choice(
            [*NUMBERS, "true", '"ij,jk->ik"', '"x"', "none", "N", "[2, 3]", "f32", "zeros[N, 4]"]
        )


def written(rng: Random) -> str:
    """One random spec."""
    return Writer(rng).spec()
