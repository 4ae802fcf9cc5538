"""Attention and transformers."""

import math

from gallery.case import Case

CASES = {
    "adapter_finetune": Case(steps=12),
    "char_gpt": Case(steps=6, below=math.log(65)),
    "lora_finetune": Case(steps=12),
    "pretrained": Case(steps=12, below=math.log(10)),
    "prompt_finetune": Case(steps=12),
    "transformer_decoder": Case(steps=12, below=math.log(65)),
    "transformer_encoder": Case(steps=20),
    "transformer_translation": Case(steps=8),
    "vit": Case(steps=16),
}
