"""The order of the passes: the one list that says which pass runs when, and why.

Input: a graph. `prepare` runs before gradients are expanded, `optimise` after. Output: an equal graph that is
cheaper to run. Non-goals: what a pass does (its own file), fusion and memory (`lower`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from treadle.ir import Graph
from treadle.ir.text_print import print_graph
from treadle.ir.verify import verify as verify_graph
from treadle.passes import (
    algebra,
    canonicalise,
    constant_fold,
    cse,
    dce,
    decompose,
    drop_stop_grad,
    flatten_matmul,
    mixed_precision,
    row_updates,
    scan_dead,
    scan_hoist,
    scan_sink,
    stable_forms,
    targets,
    transpose_elimination,
)
from treadle.types import DType


class Step(NamedTuple):
    """One run of a pass, and why it stands there."""

    name: str
    run: Callable[[Graph], Graph]
    reason: str


PREPARE: tuple[Step, ...] = (
    Step("decompose", decompose.run, "only primitives need gradients"),
    Step("flatten_matmul", flatten_matmul.run, "gradients of large products are large products"),
    Step("scan_hoist", scan_hoist.run, "what leaves a loop before differentiation needs no gradient in it"),
    Step("stable_forms", stable_forms.run, "stable forms have stable gradients"),
)

_SMALL = "after stable forms, which stay float32; before gradients, which then run small too"
NARROWING: dict[DType, tuple[Step, ...]] = {
    DType.BF16: (Step("mixed_precision", mixed_precision.to_bf16, _SMALL),),
    DType.F16: (Step("mixed_precision", mixed_precision.to_f16, _SMALL),),
}
"""What `prepare` does last where a precision below float32 is asked for."""

ORDER: tuple[Step, ...] = (
    Step("drop_stop_grad", drop_stop_grad.run, "its work is done when gradients are expanded"),
    Step("decompose", decompose.run, "later passes know primitives only"),
    Step("canonicalise", canonicalise.run, "later passes know one form of equal meanings only"),
    Step("stable_forms", stable_forms.run, "before algebra takes the patterns apart"),
    Step("constant_fold", constant_fold.run, "gradients bring zeros and ones, which algebra removes"),
    Step("algebra", algebra.run, "identities that gradients and decompositions leave"),
    Step("scan_dead", scan_dead.run, "fewer results to move, and zeros that fold in the body"),
    Step(
        "scan_hoist", scan_hoist.run, "large products before loops; first, so that they are no work to sink"
    ),
    Step("scan_sink", scan_sink.run, "large products after loops"),
    Step("scan_dead", scan_dead.run, "operands that nothing in the body reads any more"),
    Step("flatten_matmul", flatten_matmul.run, "sums over stacks of products appear in gradients"),
    Step("canonicalise", canonicalise.run, "what the rules made takes one form again"),
    Step("constant_fold", constant_fold.run, "algebra brings constants together"),
    Step("algebra", algebra.run, "constants that folded are neutral elements now"),
    Step("transpose_elimination", transpose_elimination.run, "after all views exist, before any is lowered"),
    Step("canonicalise", canonicalise.run, "moved views meet others and merge"),
    Step("row_updates", row_updates.run, "when all gradients that are added have met"),
    Step("cse", cse.run, "equal forms have become equal nodes"),
    Step("dce", dce.run, "leaves nothing that nobody needs"),
)

PASS_NAMES: tuple[str, ...] = tuple(dict.fromkeys(step.name for step in ORDER))


def prepare(graph: Graph, *, precision: DType = DType.F32, verify: bool = False) -> Graph:
    """The graph, still with `grad` nodes, in the form that gradients are best taken of.

    `precision` is the element type of products and activations (see `mixed_precision`).

    Raises:
        TreadleError: E1102 if `verify` finds that a pass broke the graph.
    """
    steps = (*PREPARE, *NARROWING.get(precision, ()))
    return targets.reveal(_run(steps, targets.hide(graph), (), print, verify))


def optimise(
    graph: Graph,
    *,
    print_after: Collection[str] = (),
    write: Callable[[str], None] = print,
    verify: bool = False,
) -> Graph:
    """The graph after all passes of `ORDER`.

    Args:
        graph: a graph whose gradients are expanded; sizes may be symbolic.
        print_after: names of passes (see `PASS_NAMES`), or "all": the graph's text is written after each of
        their runs. write: takes the text. verify: check the invariants after each pass.

    Raises:
        TreadleError: E1102 if `verify` finds that a pass broke the graph.
    """
    return _run(ORDER, graph, print_after, write, verify)


def _run(
    steps: Sequence[Step],
    graph: Graph,
    print_after: Collection[str],
    write: Callable[[str], None],
    verify: bool,
) -> Graph:
    for step in steps:
        graph = step.run(graph)
        if verify:
            verify_graph(graph, after=step.name)
        if step.name in print_after or "all" in print_after:
            write(f"# after {step.name}: {step.reason}\n{print_graph(graph)}")
    return graph
