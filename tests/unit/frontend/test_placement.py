"""Statements are accepted in the blocks they belong to, also inside `for` and `if`, and nowhere else."""

from __future__ import annotations

import pytest

from treadle.errors import TreadleError
from treadle.frontend.parser import parse
from treadle.source import Source


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("layer l()(x) { input y: [N] }", "E0113"),
        ("layer l()(x) { for i in x { if i { loss x } } }", "E0113"),
        ("fn f(x) { param W: [N] = 0 }", "E0501"),
        ("fn f(x) { yield x }", "E0511"),
        ("model M { return x }", "E0113"),
        ("model M { if a { } else { return x } }", "E0113"),
        ("model M { y = scan t in x along T { return x } }", "E0113"),
        ("optimizer o()(w, g) { return w }", "E0113"),
        ("data D { minimize x }", "E0113"),
        ("data D { augment(train) { loss x } }", "E0113"),
        ("train M { augment(train) { } }", "E0113"),
        ("data D { scan k in range(3) { x = k } }", "E0113"),
        ("sweep M { scan k in range(3) { x = k } }", "E0113"),
        ("train M { phase p { if a { augment(train) { } } } }", "E0113"),
    ],
)
def test_misplaced(text, code):
    with pytest.raises(TreadleError) as caught:
        parse(Source("f", text))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "model M { if a { input y: [N]; loss y } }",
        "layer l()(x) { for i in x { param W: [N] = 0 } return x }".replace("} return", "}; return"),
        "fn f(x) { y = scan t in x along T { yield x }; return y }",
        "optimizer o()(w, g) { state m = 0; if a { m <- 1 }; w <- m }",
        "train M { for i in xs { phase p { minimize x } } }",
        "train M { phase p { scan k in range(3) with x = y { x = x + 1 }; minimize x } }",
        "generate M { scan k in range(3) with x = y { x = x + 1 }; arrays x }",
    ],
)
def test_well_placed(text):
    assert len(parse(Source("f", text)).blocks) == 1
