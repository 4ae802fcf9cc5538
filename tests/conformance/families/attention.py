"""Attention."""

from __future__ import annotations

from ..call import Call, Translator


def _attention(call: Call) -> str:
    operands = f"{call['query']}, {call['key']}, {call['value']}"
    return (
        f"scaled_dot_product({operands}{call.keywords(mask='attn_mask', causal='is_causal', scale='scale')})"
    )


OPS: dict[str, Translator] = {"nn.functional.scaled_dot_product_attention": _attention}
