"""`treadle profile`: every call of a step with its time and its cost, as a table and as JSON."""

from __future__ import annotations

import json

import pytest

from treadle.cli import app


def run(capsys, *words):
    try:
        app.main(list(words))
    except SystemExit as end:
        return end.code, *capsys.readouterr()
    return 0, *capsys.readouterr()


@pytest.mark.parametrize("spec", ["digits_mlp", "gradient_descent"])
def test_the_shares_add_up(capsys, spec):
    """JSON: every call has a time; products know their operations; training without data works too."""
    code, out, _ = run(capsys, "profile", spec, "--runs", "2", "--json")
    assert code == 0
    (times,) = json.loads(out).values()
    assert times
    assert all(time["seconds"] > 0 and time["calls"] >= 1 for time in times)
    products = [time for time in times if time["name"].startswith("matmul")]
    assert all(time["operations"] > 0 and time["bytes"] > 0 for time in products)


def test_the_table_is_sorted_and_totalled(capsys):
    """The slowest call first; the last line is the sum."""
    code, out, _ = run(capsys, "profile", "digits_mlp", "--runs", "2", "--all")
    assert code == 0
    lines = out.strip().splitlines()
    assert lines[0] == "step, batch 32, on cpu"
    shares = [float(word[:-1]) for line in lines[2:] for word in line.split() if word.endswith("%")]
    assert shares[:-1] == sorted(shares[:-1], reverse=True)
    assert lines[-1].startswith("total")
    assert abs(sum(shares[:-1]) - 100) < 1


def test_the_interpreter_is_not_profiled(capsys):
    """`numpy` has no kernels to measure."""
    code, _, err = run(capsys, "profile", "xor_mlp", "--device", "numpy")
    assert code == 1
    assert err.startswith("error[E1003]: this device cannot be profiled")
