"""Recurrent networks."""

import math

from gallery.case import Case

CASES = {
    "attention_bahdanau": Case(steps=8, below=math.log(45)),
    "attention_luong": Case(steps=8, below=math.log(45)),
    "attention_pooling": Case(steps=20, below=math.log(2)),
    "bidirectional": Case(steps=10),
    "char_gru": Case(steps=12, below=math.log(65)),
    "char_lstm": Case(steps=12, below=math.log(65)),
    "elman_rnn": Case(steps=30),
    "lstm_coupled": Case(steps=10),
    "lstm_peephole": Case(steps=10),
    "many_to_many": Case(steps=20, below=math.log(10)),
    "one_to_many": Case(steps=8, below=math.log(15)),
    "rnn_autoencoder": Case(steps=8, below=math.log(11)),
    "rnn_forget_gate": Case(steps=30),
    "sentiment_lstm": Case(steps=20),
    "seq2seq": Case(steps=8),
    "stacked": Case(steps=10),
}
