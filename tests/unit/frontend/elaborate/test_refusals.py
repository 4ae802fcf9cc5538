"""What each function of the language refuses: when the spec is checked, with a code and the place."""

from __future__ import annotations

import pytest

from refused_calls import HEADER, REFUSED_CALLS
from treadle.errors import TreadleError
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.frontend.load import load_text

TAKE_ANYTHING = {"is_tensor", "is_list", "is_layer", "str", "tensor", "enumerate"}


@pytest.mark.parametrize(("expression", "code"), REFUSED_CALLS.items())
def test_refused_where_it_stands(expression, code):
    with pytest.raises(TreadleError) as refused:
        load_text(f"{HEADER}  output y = {expression}\n}}\n")
    found = refused.value.diagnostics
    assert [diagnostic.code for diagnostic in found] == [code]
    assert found[0].span.line == HEADER.count("\n") + 1


def test_a_refused_clip_is_called_clip():
    with pytest.raises(TreadleError, match="clip cannot pair"):
        load_text(f"{HEADER}  output y = clip(x, i, 1)\n}}\n")


def test_every_function_is_in_the_table():
    functions = {name for name, value in BUILTINS.items() if isinstance(value, Builtin)}
    called = {expression.partition("(")[0] for expression in REFUSED_CALLS}
    assert functions - called - TAKE_ANYTHING == set()
