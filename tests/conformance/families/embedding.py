"""Rows of a table, and bags of them."""

from __future__ import annotations

from ..call import Call, Translator


def _table_and_ids(call: Call) -> str:
    """The two in our order; some samples have them under each other's name."""
    first, second = call["input"], call["weight"]
    swapped = call.tensor("input").dtype.kind == "f"
    return f"{first}, {second}" if swapped else f"{second}, {first}"


def _embedding(call: Call) -> str:
    return (
        f"lookup({_table_and_ids(call)}{call.keywords(padding='padding_idx', by_count='scale_grad_by_freq')})"
    )


def _bag(call: Call) -> str:
    mode = call.get("mode", "mean")
    options = call.keywords(
        offsets="offsets",
        weights="per_sample_weights",
        padding="padding_idx",
        closed="include_last_offset",
        by_count="scale_grad_by_freq",
    )
    return f"bag({_table_and_ids(call)}, mode = {mode}{options})"


OPS: dict[str, Translator] = {"nn.functional.embedding": _embedding, "nn.functional.embedding_bag": _bag}
