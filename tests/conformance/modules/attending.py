"""Attention and transformer blocks."""

from __future__ import annotations

from collections.abc import Callable

from ..cases import Array
from .said import Module, Pick, Said, pick, turned

_PROJECTIONS = ("dense", "dense_2", "dense_3")  # of queries, keys, values


def attention_leaves(path: str, prefix: str, module: Module) -> dict[str, Pick]:
    """The leaves of a `multi_head_attention`; theirs may hold three weights in one."""
    leaves: dict[str, Pick] = {}
    for third, (layer, letter) in enumerate(zip(_PROJECTIONS, "qkv", strict=True)):
        joined, own = f"{prefix}in_proj_weight", f"{prefix}{letter}_proj_weight"
        if joined in module.entry["params"]:
            leaves[f"{path}.{layer}.W"] = pick(joined, change=_third(third, turned=True))
        else:
            leaves[f"{path}.{layer}.W"] = pick(own, change=turned)
        leaves[f"{path}.{layer}.b"] = pick(f"{prefix}in_proj_bias", change=_third(third))
    return leaves | dense_leaves(f"{path}.dense_4", f"{prefix}out_proj")


def _third(number: int, *, turned: bool = False) -> Callable[[Array], Array]:
    def change(array: Array) -> Array:
        size = len(array) // 3
        part = array[number * size : (number + 1) * size]
        return part.T if turned else part

    return change


def dense_leaves(path: str, name: str) -> dict[str, Pick]:
    """The leaves of a `dense`."""
    return {f"{path}.W": pick(f"{name}.weight", change=turned), f"{path}.b": pick(f"{name}.bias")}


def norm_leaves(path: str, name: str) -> dict[str, Pick]:
    """The leaves of a normalisation."""
    return {f"{path}.gamma": pick(f"{name}.weight"), f"{path}.beta": pick(f"{name}.bias")}


def block_leaves(path: str, prefix: str, module: Module, norms: int = 2) -> dict[str, Pick]:
    """The leaves of a transformer block."""
    leaves = attention_leaves(f"{path}.attention", f"{prefix}self_attn.", module)
    leaves |= dense_leaves(f"{path}.forward.dense", f"{prefix}linear1")
    leaves |= dense_leaves(f"{path}.forward.dense_2", f"{prefix}linear2")
    for i in range(1, norms + 1):
        leaves |= norm_leaves(f"{path}.norm{i}", f"{prefix}norm{i}")
    return leaves


def _attention(module: Module) -> Said:
    given = module.entry["in"]
    key, value = ("in_key", "in_value") if "key" in given else ("in_query", "in_query")
    lines = [
        f"f = multi_head_attention({module.config['num_heads']}, weights = true)",
        f"y, shares = f(in_query, {key}, mask = {_mask(module)}, values = {value})",
    ]
    averaged = len(module.entry["out"]["weights"][2]) == 3
    results = {"output": "y", "weights": "mean(shares, axis = 1)" if averaged else "shares"}
    return Said(lines, results, attention_leaves("f", "", module))


def _mask(module: Module, mask: str = "attn_mask", padding: str = "key_padding_mask") -> str:
    """Their true means: may not be seen."""
    given = module.entry["in"]
    masks = []
    if mask in given:
        masks.append(f"in_{mask}" if given[mask][0] == "f8" else f"logical_not(in_{mask})")
    if padding in given:
        masks.append(f"logical_not(in_{padding})[:, none, none, :]")
    return " and ".join(masks) or "none"


def _block_settings(module: Module) -> str:
    given = module.config
    sizes = f"{given['nhead']}, {given['dim_feedforward']}"
    return f"{sizes}, pre_norm = {str(given['norm_first']).lower()}, activation = {given['activation']}"


def _encoder(module: Module) -> Said:
    mask = _mask(module, "src_mask", "src_key_padding_mask")
    lines = [f"f = transformer_block({_block_settings(module)})"]
    return Said(lines, {"output": f"f(in_src, mask = {mask})"}, block_leaves("f", "", module))


def _decoder(module: Module) -> Said:
    own = _mask(module, "tgt_mask", "tgt_key_padding_mask")
    other = _mask(module, "memory_mask", "memory_key_padding_mask")
    lines = [f"f = transformer_decoder_block({_block_settings(module)}, causal = false)"]
    result = f"f(in_tgt, in_memory, mask = {own}, memory_mask = {other})"
    leaves = block_leaves("f", "", module, norms=3)
    leaves |= attention_leaves("f.across", "multihead_attn.", module)
    return Said(lines, {"output": result}, leaves)


ATTENDING = {
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _encoder,
    "TransformerDecoderLayer": _decoder,
}
