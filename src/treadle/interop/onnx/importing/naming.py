"""Names of a spec for the names of a model: any text becomes an identifier that nothing else has.

Input: names of values, parameters and sizes in an ONNX file. Output: identifiers.
`/layer1/conv/Conv_output_0` becomes `layer1_conv`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from treadle.frontend.elaborate.builtins.registry import BUILTINS
from treadle.frontend.elaborate.builtins.special import CONTEXTUAL
from treadle.frontend.program import library_names
from treadle.frontend.terminals import RESERVED

_STATEMENTS = frozenset(
    [
        "input",
        "target",
        "param",
        "state",
        "const",
        "output",
        "loss",
        "metric",
        "require",
        "use",
        "model",
        "layer",
        "optimizer",
        "schedule",
        "init",
        "data",
        "train",
        "generate",
        "sweep",
        "adapt",
        "minimize",
        "phase",
        "augment",
        "load",
        "wrap",
    ]
)
_LONGEST = 40


@cache
def _taken() -> frozenset[str]:
    return frozenset({*RESERVED, *_STATEMENTS, *BUILTINS, *CONTEXTUAL, *library_names()})


@dataclass
class Names:
    """Gives out identifiers, each once."""

    used: set[str] = field(default_factory=set)

    def fresh(self, text: str, default: str = "value") -> str:
        """An identifier like `text` that is not in use and means nothing in the language."""
        stem = identifier(text) or default
        if stem not in self.used and stem not in _taken():
            candidate = stem
        else:
            candidate, count = f"{stem}_1", 1
            while candidate in self.used or candidate in _taken():
                count += 1
                candidate = f"{stem}_{count}"
        self.used.add(candidate)
        return candidate


def identifier(text: str) -> str:
    """`text` with what identifiers cannot hold made `_`; empty if nothing remains."""
    cut = re.sub(r"_output_0$", "", text)
    parts = [part for part in re.split(r"[^A-Za-z0-9_]+", cut) if part]
    if "/" in text and len(parts) > 1 and parts[-1][:1].isupper():
        parts.pop()  # the operator at the end of a scope: /layer1/conv/Conv
    joined = "_".join(parts).strip("_")[-_LONGEST:].strip("_")
    return f"v{joined}" if joined[:1].isdigit() else joined
