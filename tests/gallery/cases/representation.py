"""Representation learning."""

import math

from gallery.case import Case

CASES = {
    "autoencoder": Case(steps=16),
    "contrastive": Case(steps=4),
    "conv_autoencoder": Case(steps=12),
    "deep_sets": Case(steps=30),
    "denoising_autoencoder": Case(steps=16),
    "hopfield": Case(steps=40),
    "rotnet": Case(steps=10, below=1.2 * math.log(4)),
    "sparse_autoencoder": Case(steps=16),
    "vae": Case(steps=16),
}
