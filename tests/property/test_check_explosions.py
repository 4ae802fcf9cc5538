"""Short texts that would expand to something huge end with the code of the limit that they meet.

Here a tenth of the steps and operations is allowed, which keeps the tests short; `nightly.py` allows all.
"""

from __future__ import annotations

import pytest

from support.bounded import outcome
from support.explosions import texts
from treadle.frontend.elaborate import budget


@pytest.mark.parametrize(("text", "code"), texts().values(), ids=texts())
def test_explosion_is_stopped(text, code, monkeypatch):
    monkeypatch.setattr(budget, "MAX_STEPS", budget.MAX_STEPS // 10)
    monkeypatch.setattr(budget, "MAX_NODES", budget.MAX_NODES // 10)
    assert outcome(text)[:1] == ([] if code is None else [code])
