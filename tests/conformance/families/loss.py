"""Losses."""

from __future__ import annotations

from ..call import Call, Translator, function, text

_CLASSES = {
    "weight": "weight",
    "ignore": "ignore_index",
    "smoothing": "label_smoothing",
    "reduction": "reduction",
}


def _class_loss(name: str) -> Translator:
    """Classes lie along axis 1 there, along axis 0 of a single example."""

    def translate(call: Call) -> str:
        axis = "" if len(call.shape("input")) <= 2 else ", axis = 1"
        return f"{name}({call['input']}, {call['target']}{call.keywords(**_CLASSES)}{axis})"

    return translate


def _multi_margin(call: Call) -> str:
    """A single example, or a number, is a batch of one there."""
    shape = call.shape("input")
    x, target = call["input"], call["target"]
    if len(shape) < 2:
        x, target = f"reshape({x}, [1, {shape[0] if shape else 1}])", f"reshape({target}, [1])"
    options = call.keywords(p="p", margin="margin", weight="weight", reduction="reduction")
    return f"multi_margin({x}, {target}{options})"


def _kl_div(call: Call) -> str:
    """`batchmean` is the sum divided by the number of examples."""
    reduction = call.value("reduction", "mean")
    kept = text("sum" if reduction == "batchmean" else reduction)
    options = f"{call.keywords(log_target='log_target')}, reduction = {kept}"
    terms = f"kl_terms({call['input']}, {call['target']}{options})"
    return f"{terms} / {call.shape('input')[0]}" if reduction == "batchmean" else terms


def _gaussian_nll(call: Call) -> str:
    """A variance without the last axis goes with all of it."""
    lacks_axis = call.shape("var") == call.shape("input")[:-1] and call.shape("var") != call.shape("input")
    variance = f"expand_dims({call['var']}, -1)" if lacks_axis else call["var"]
    options = call.keywords(full="full", eps="eps", reduction="reduction")
    return f"gaussian_nll({call['input']}, {call['target']}, {variance}{options})"


def _cosine_similarity(call: Call) -> str:
    axis = call.get("dim", 1)
    return f"cosine_similarity({call['x1']}, {call['x2']}{call.keywords(eps='eps')}, axis = {axis})"


_PAIR = {"reduction": "reduction"}
_MARGIN = {"margin": "margin", "reduction": "reduction"}
_ALL: dict[str, Translator] = {
    "cross_entropy": _class_loss("cross_entropy"),
    "nll_loss": _class_loss("nll"),
    "binary_cross_entropy": function("bce", "input", "target", weight="weight", **_PAIR),
    "binary_cross_entropy_with_logits": function(
        "bce_with_logits", "input", "target", weight="weight", positive="pos_weight", **_PAIR
    ),
    "mse_loss": function("mse", "input", "target", **_PAIR),
    "l1_loss": function("mae", "input", "target", **_PAIR),
    "smooth_l1_loss": function("smooth_l1", "input", "target", beta="beta", **_PAIR),
    "huber_loss": function("huber", "input", "target", delta="delta", **_PAIR),
    "hinge_embedding_loss": function("hinge_embedding", "input", "target", **_MARGIN),
    "margin_ranking_loss": function("margin_ranking", "input1", "input2", "target", **_MARGIN),
    "soft_margin_loss": function("soft_margin", "input", "target", **_PAIR),
    "multi_margin_loss": _multi_margin,
    "multilabel_soft_margin_loss": function(
        "multilabel_soft_margin", "input", "target", weight="weight", **_PAIR
    ),
    "kl_div": _kl_div,
    "poisson_nll_loss": function(
        "poisson_nll", "input", "target", log_input="log_input", full="full", eps="eps", **_PAIR
    ),
    "gaussian_nll_loss": _gaussian_nll,
    "cosine_similarity": _cosine_similarity,
    "cosine_embedding_loss": function("cosine_embedding", "input1", "input2", "target", **_MARGIN),
    "pairwise_distance": function("pairwise_distance", "x1", "x2", power="p", eps="eps", keepdims="keepdim"),
    "triplet_margin_loss": function(
        "triplet_margin", "anchor", "positive", "negative", power="p", swap="swap", eps="eps", **_MARGIN
    ),
    "ctc_loss": function(
        "ctc", "log_probs", "targets", "input_lengths", "target_lengths", blank="blank", **_PAIR
    ),
}
OPS: dict[str, Translator] = {f"nn.functional.{name}": translate for name, translate in _ALL.items()}
