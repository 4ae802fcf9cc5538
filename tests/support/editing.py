"""Specs as an editor has them: a text with the cursor at `^`, read and examined."""

from __future__ import annotations

from pathlib import Path

from treadle.frontend.recovery import DraftReader
from treadle.lsp.examination import Examination, examine
from treadle.lsp.reading import Reading, read
from treadle.source import Source

NET = """# Two layers.
# They tell points apart.
model Net(hidden = 8, classes = 2) {
  input  x: [N, 4]
  target y: i64[N]

  h = x |> dense(hidden) |> relu
  logits = h |> dense(classes)

  output probability = softmax(logits)
  loss   cross_entropy(logits, y)
  metric right = accuracy(logits, y)
}

data Flowers {
  train = sklearn("iris", test = 0.2)
  x = train.data
  y = train.target
}

train Net(hidden = 16) on Flowers as small {
  optimizer adam(1e-2)
  batch 16   epochs 2   seed 0
  keep best test.right
}

sweep small as sizes {
  hidden in [4, 8]
  optimizer.lr in [1e-2, 1e-3]
}
"""


def reading_of(text: str, path: Path | None = None, texts: dict[Path, str] | None = None) -> Reading:
    """A text, read."""
    name = "untitled:net.tdl" if path is None else str(path)
    return read(Source(name, text), path, texts or {}, DraftReader())


def examined(text: str, path: Path | None = None) -> Examination:
    """A text, read and examined."""
    return examine(reading_of(text, path))


def at(text: str, place: str, mark: str = "^") -> int:
    """The offset of the mark in `place`, a piece of the text with the mark in it."""
    piece = place.replace(mark, "", 1)
    assert text.count(piece) == 1, f"{piece!r} stands {text.count(piece)} times in the text"
    return text.index(piece) + place.index(mark)
