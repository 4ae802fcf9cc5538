"""Recurrent networks."""

import math

from gallery.case import Case

CASES = {
    "attention_pooling": Case(steps=20, below=math.log(2)),
    "char_gru": Case(steps=12, below=math.log(65)),
    "char_lstm": Case(steps=12, below=math.log(65)),
    "elman_rnn": Case(steps=30),
    "rnn_forget_gate": Case(steps=30),
    "sentiment_lstm": Case(steps=20),
}
