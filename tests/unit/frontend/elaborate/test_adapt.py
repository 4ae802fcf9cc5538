"""Adapted models keep the names of their base and add the weights of wrappers below them."""

from __future__ import annotations

import pytest

from treadle.frontend.load import load_text

BASE = """
model Base(depth = 2) {
  input  x: f32[N, 4]
  target y: f32[N, 1]
  h = x
  for i in range(depth) {
    block = dense(8)
    h = relu(block(block(h |> dense(8))))
  }
  output p = h |> dense(1)
  loss mse(p, y)
}
"""


def leaves_of(adapt: str, name: str = "Tuned"):
    return load_text(BASE + adapt).models[name].leaves


def test_wrapped_layers_keep_their_names():
    base = load_text(BASE).models["Base"].leaves
    tuned = leaves_of("adapt Base as Tuned { wrap dense with lora(rank = 2) }")
    assert {name: leaf.type for name, leaf in tuned.items() if name in base} == {
        name: leaf.type for name, leaf in base.items()
    }
    assert {name for name in tuned if name not in base} >= {"block[0].lora.A", "block[0].lora.B"}


def test_places_choose_among_layers():
    tuned = leaves_of('adapt Base as Tuned { wrap dense at "block*" with lora(rank = 2) }')
    added = [name for name in tuned if "lora" in name]
    assert added == ["block[0].lora.A", "block[0].lora.B", "block[1].lora.A", "block[1].lora.B"]


def test_freeze_means_the_base_alone():
    tuned = leaves_of("adapt Base as Tuned { wrap dense with adapter(3); freeze }")
    assert all(leaf.trainable == ("adapter" in name) for name, leaf in tuned.items())


def test_layers_of_a_wrapper_are_not_wrapped():
    tuned = leaves_of("adapt Base as Tuned { wrap dense with adapter(3) }")
    assert not any(name.count("adapter") > 1 for name in tuned)


def test_wraps_stack_in_order():
    names = leaves_of("adapt Base(depth = 1) as Tuned { wrap dense with lora; wrap dense with scaled }")
    assert {"dense.lora.A", "dense.scaled.scale"} <= set(names)


def test_an_adapted_model_can_be_adapted():
    text = "adapt Base as One { wrap dense with lora; freeze }\nadapt One as Tuned { wrap dense with biased }"
    assert {"dense.lora.A", "dense.biased.shift"} <= set(leaves_of(text))


def test_only_what_is_not_frozen_is_trained():
    text = "adapt Base as Tuned { wrap dense with lora; freeze }\ntrain Tuned { optimizer sgd(0.1)  steps 2 }"
    (phase,) = load_text(BASE + text).trains["Tuned"].phases
    assert phase.graph.updates
    assert all(".lora." in name for name in phase.graph.updates)


@pytest.mark.parametrize("wrapper", ["lora(rank = 2)", "adapter(3)", "scaled", "biased", "fn(f) = f"])
def test_library_wrappers_change_no_shape(wrapper):
    model = load_text(BASE + f"adapt Base as Tuned {{ wrap dense with {wrapper} }}").models["Tuned"]
    assert str(model.graph.outputs["output:p"].type) == "f32[N, 1]"


def test_soft_prompts_lengthen_what_a_block_sees():
    text = """
    model Base { input x: f32[N, 5, 8];  output y = x |> transformer_block(2, 16) }
    adapt Base as Tuned { wrap transformer_block with with_prompt(length = 3); freeze }
    """
    model = load_text(text).models["Tuned"]
    assert str(model.graph.outputs["output:y"].type) == "f32[N, 5, 8]"
    assert [name for name, leaf in model.leaves.items() if leaf.trainable] == [
        "transformer_block.with_prompt.soft_prompt.prompt"
    ]
