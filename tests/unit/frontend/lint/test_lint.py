"""Each lint finds what it is meant to find, where it is, and nothing in specs that do without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.errors import CODES
from treadle.frontend.lint import lint
from treadle.frontend.load import load_spec, load_text

ROOT = Path(__file__).resolve().parents[4]
CLEAN = ["convolution/lenet", "generative/wgan_gp", "representation/vae", "training/schedules"]
HEAD = "model M {\n  input x: [N, 4]\n  target t: i64[N]\n"
END = "}\ntrain M { optimizer sgd(0.1)\nsteps 1 }\n"

CASES = {  # code: (the text, what the finding points at)
    "L0101": (HEAD + "h = x |> dense(2)\nloss cross_entropy(x |> dense(3), t)\n" + END, "h"),
    "L0102": ("model M {\n  input x: [N, 4]\n  input y: [N]\n  output x |> dense(2)\n}\n", "input y: [N]"),
    "L0103": (
        "layer f(a = 1)(x) { return x |> dense(2) }\nmodel M { input x: [N, 4]\n output x |> f() }",
        "a = 1",
    ),
    "L0104": ("const c = 1\nmodel M { input x: [N, 4]\n output relu(x) }", "const c = 1"),
    "L0105": (
        "fn f(x) = x\nmodel M { input x: [N, 4]\n y = f(x)\n f = 2\n output f * y }",
        "f",
    ),
    "L0201": (HEAD + "p = x |> dense(3) |> softmax\nloss cross_entropy(p, t)\n" + END, "p"),
    "L0202": (
        "model M {\n input x: [N, 4]\n target t: [N, 4]\n loss bce_with_logits(sigmoid(x |> dense(4)), t)\n"
        + END,
        "sigmoid(x |> dense(4))",
    ),
    "L0203": (HEAD + "loss cross_entropy(x |> dense(3) |> relu, t)\n" + END, "x |> dense(3) |> relu"),
    "L0204": (HEAD + "y = x |> dense(3) |> dropout(0.5)\nloss cross_entropy(y, t)\n" + END, "y"),
    "L0205": (
        "model M { input x: [N, 3, 8, 8]\n output x |> conv2d(4) |> batch_norm() }",
        "conv2d(4)",
    ),
    "L0206": (
        "model M(deep = true) { input x: [N, 4]\n output x if deep else exp(x) |> relu }",
        "x if deep else exp(x) |> relu",
    ),
    "L0301": (
        "model M {\n input x: [N, 4]\n D = dense(1)\n G = dense(1)\n loss mean(D(x)^2 + G(x)^2)\n}\n"
        "train M { phase p { minimize mean(D(x)^2) over D with sgd(0.1) }\nsteps 1 }\n",
        None,
    ),
    "L0302": (
        HEAD + "param k: [4] = ones\nloss cross_entropy(x |> dense(3), t) + mean(stop_grad(k))\n" + END,
        "param k: [4] = ones",
    ),
    "L0303": (HEAD + "loss a = cross_entropy(x |> dense(3), t)\nloss b = mean(x * x)\n" + END, None),
    "L0401": (
        HEAD + 'loss cross_entropy(x |> dense(3), t)\n}\ndata D {\n  train = npz("a.npz")\n'
        "  x = cast(train.images, f32)\n  t = train.labels\n}\ntrain M on D { optimizer sgd(1)\nsteps 1 }\n",
        "cast(train.images, f32)",
    ),
}


def found(text: str) -> list[str]:
    return [finding.code for finding in lint(load_text(text))]


@pytest.mark.parametrize(("code", "case"), CASES.items(), ids=CASES)
def test_lint_finds(code, case):
    text, place = case
    findings = [finding for finding in lint(load_text(text)) if finding.code == code]
    assert findings
    assert {finding.severity for finding in findings} == {"warning"}
    if place is not None:
        assert [finding.span.text for finding in findings] == [place]


def test_every_lint_has_a_case():
    assert set(CASES) == {code for code in CODES if code.startswith("L")}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_specs_have_no_findings(name):
    assert [str(finding) for finding in lint(load_spec(ROOT / "specs" / f"{name}.tdl"))] == []


def test_frozen_parameters_are_meant():
    frozen = HEAD + "a = dense(3)\nloss cross_entropy(x |> a |> relu |> dense(3), t)\n}\n"
    assert found(frozen + "train M { optimizer sgd(0.1)\nfreeze a\nsteps 1 }") == []


def test_brackets_make_a_conditional_plain():
    text = "model M(deep = true) { input x: [N, 4]\n output (x if deep else exp(x)) |> relu }"
    assert found(text) == []


def test_names_read_by_other_blocks_are_used():
    text = (
        "model M { input x: [N, 4]\n d = dense(3)\n f = dense(2)\n loss mean(d(x)^2) }\n"
        "train M { optimizer sgd(0.1)\n rate 0.1 over d\nsteps 1 }\n"
    )
    assert found(text) == ["L0101"]
