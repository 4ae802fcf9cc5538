"""Short texts that would expand to something huge, with the code of the limit that each one meets."""

from __future__ import annotations

import string

LETTERS = string.ascii_letters

BODIES = {
    "loop": ("for i in range(10^9) { k = i }", "E0905"),
    "loop_over_all_integers": ("for i in range(-2^62 - 2^61, 2^62 + 2^61) { k = i }", "E0910"),
    "length_of_a_range": ("k = len(range(-2^62 - 2^61, 2^62 + 2^61))", "E0910"),
    "failing_loop": ("for i in range(10^9) { y = q + i }", "E0301"),
    "power_of_a_size": ("n = N\nfor i in range(100) { n = n * n }", "E0907"),
    "quotients_of_a_size": ("n = N\nfor i in range(500) { n = n // 3 + n }", "E0907"),
    "nested_quotients": ("n = N\nfor i in range(3000) { n = (n + 1) // 3 }", "E0907"),
    "maxima_of_a_size": ("n = N\nfor i in range(3000) { n = max(n, N // (i + 2)) }", "E0907"),
    "polynomial": ("n = 1\nfor i in range(300) { n = n * (N + i) }", "E0907"),
    "doubled_string": ('s = "ab"\nfor i in range(60) { s = s + s }', "E0911"),
    "joined_lists": ("s = list(range(60000)) + list(range(60000))", "E0910"),
    "repeated_list": ("s = [1] * 10^9", "E0910"),
    "nested_lists": ("s = [1]\nfor i in range(60) { s = [s, s] }", "E0910"),
    "deep_list": ("s = [1]\nfor i in range(10^6) { s = [s] }", "E0910"),
    "enumerated": ("k = enumerate(range(10^9))", "E0910"),
    "zipped": ("k = zip(range(10^9), range(10^9))", "E0910"),
    "largest_of_a_range": ("k = max(range(10^10))", "E0910"),
    "power_tower": ("k = 9^9^9^9", "E0904"),
    "large_float": ("k = 1e300 ^ 9", "E0904"),
    "large_integer": ("k = int(1e300)", "E0904"),
    "infinite_integer": ("k = int(inf)", "E0411"),
    "no_number": ("k = int(inf - inf)", "E0411"),
    "doubled_tensor": ("y = x\nfor i in range(40) { y = concat(y, y, axis = 1) }", "E0908"),
    "doubled_batch": ("y = x\nfor i in range(62) { y = concat(y, y, axis = 0) }", "E0907"),
    "many_axes": ("y = x\nfor i in range(3000) { y = expand_dims(y, 0) }", "E0912"),
    "all_axes_at_once": ("y = reshape(x, [1] * 50000 + [N, 8])", "E0912"),
    "padding": ("y = pad(x, 2^62, 2^62)", "E0907"),
    "convolution_padding": ("y = reshape(x, [N, 1, 2, 4]) |> conv2d(3, kernel = 3, padding = 2^60)", "E0907"),
    "convolution_kernel": ("y = reshape(x, [N, 1, 2, 4]) |> conv2d(3, kernel = 2^60)", "E0907"),
    "convolution_units": ("y = reshape(x, [N, 1, 2, 4]) |> conv2d(2^62, kernel = 3)", "E0907"),
    "einsum_axes": (f'y = einsum("{LETTERS},{LETTERS}->", zeros[[2] * 52], zeros[[2] * 52])', "E0912"),
    "nodes": ("for i in range(10^5) { x = x + 1 }", "E0905"),
    "layers": ("for i in range(10^5) { x = dense(8)(x) }", "E0905"),
    "split": ("y = split(zeros[10^5], 10^5)", "E0906"),
    "long_scan": ("y = scan k in range(10^18) with h = 0 { h = h + 1 }", None),
    "nested_scans": ("z = scan k in range(9) with h = 0 {\n" * 60 + "h = h + 1\n" + "}\n" * 60, None),
    "gradients_of_gradients": ("y = sum(x^3)\nfor i in range(100) { y = sum(grad(y, x)) }", None),
    "gradients_of_a_chain": (
        "y = sum(x)\nfor i in range(1000) { y = y + i }\nfor i in range(3000) { z = grad(y, x) }",
        "E0905",
    ),
    "function_of_itself": ("f = fn(g) = g(g)\ny = f(f)", "E0909"),
    "composed_functions": ("f = fn(v) = v + 1\nfor i in range(30) { f = compose(f, f) }\ny = f(x)", "E0905"),
    "fibonacci": ("y = fibonacci(90)", "E0905"),
    "ackermann": ("y = ackermann(2, 95)", "E0909"),
    "model_of_itself": ("y = M()(x)", "E0909"),
}  # fmt: skip
FUNCTIONS = """
fn compose(f, g) = fn(v) = f(g(v))
fn fibonacci(n) = n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
fn ackermann(n, m) = m + 1 if n == 0 else ackermann(n - 1, 1 if m == 0 else ackermann(n, m - 1))
"""

FILES = {
    "constants_of_each_other": ("const a = b\nconst b = a\nmodel M { input x: [N]\ny = a }", "E0905"),
    "many_models": (
        "".join(f"model M{i} {{\ninput x: [N]\nfor i in range(40000) {{ k = i }} }}\n" for i in range(60)),
        "E0905",
    ),
    "many_trainings": (
        "model M { input x: [N, 8]\nloss mean(x |> dense(4)) }\n"
        + "train M { optimizer adam(0.1)\nepochs 1 }\n" * 2000,
        "E0906",
    ),
    "many_parameters": (
        "model M { input x: [N, 8]\nfor i in range(3000) { x = dense(8)(x) }\nloss mean(x) }\n"
        "train M { optimizer adam(1e-3)\nepochs 1 }",
        "E0905",
    ),
    "function_tower": (
        "fn f0(x) = x + 1\n"
        + "\n".join(f"fn f{i}(x) = f{i - 1}(f{i - 1}(x))" for i in range(1, 40))
        + "\nmodel M { input x: [N]\ny = f39(x) }",
        "E0905",
    ),
    "input": ("model M { input x: [2^62, 2^62]\noutput x }", "E0907"),
    "formula": ("model M { input x: [((K + L + O + P)^8)^8]\ny = x + 1 }", "E0907"),
    "names": ("model M {\n" + "\n".join(f"a{i} = b{i}" for i in range(9000)) + "\n}", "E0301"),
    "name": ("model M { input " + "x" * 100_000 + ": [N] }", None),
    "table": ("model M { y = [" + "1, " * 60_000 + "] }", "E0901"),
}


def texts() -> dict[str, tuple[str, str | None]]:
    """All of them by name, as whole files; None as code means that the text is cheap after all."""
    bodies = {
        name: (f"{FUNCTIONS}model M {{\ninput x: [N, 8]\n{body}\noutput x\n}}\n", code)
        for name, (body, code) in BODIES.items()
    }
    return {**bodies, **FILES}
