"""Representation learning."""

import math

from gallery.case import Case

DREAMS = "the difference to what the machine dreams up goes to zero from either side"

CASES = {
    "autoencoder": Case(steps=16),
    "cbow": Case(steps=30),
    "contrastive": Case(steps=4),
    "conv_autoencoder": Case(steps=12),
    "deep_belief_net": Case(steps=12, not_falling=DREAMS),
    "deep_sets": Case(steps=30),
    "denoising_autoencoder": Case(steps=16),
    "few_labels": Case(steps=12),
    "glove": Case(steps=20),
    "hopfield": Case(steps=40),
    "rbm": Case(steps=12, not_falling=DREAMS),
    "rotnet": Case(steps=10, below=1.2 * math.log(4)),
    "skipgram": Case(steps=60),
    "sparse_autoencoder": Case(steps=16),
    "vae": Case(steps=16),
}
