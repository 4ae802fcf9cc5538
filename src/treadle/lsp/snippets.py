"""Patterns of blocks to fill in, in the protocol's notation. The VS Code extension has the same ones.

Input: nothing. Output: a table by keyword.
"""

from __future__ import annotations

_PATTERNS = """
model ${1:Net}(${2:hidden = 64}) {
  input  ${3:x}: [N, ${4:2}]
  target ${5:y}: ${6:i64[N]}

  ${7:logits} = $3 |> dense(hidden) |> relu |> dense(${8:2})

  output ${9:probability} = softmax($7)
  loss   cross_entropy($7, $5)
  metric accuracy($7, $5)
}

layer ${1:name}(${2:units: int})(${3:x}: [..., I]) -> [..., ${4:units}] {
  param W: [I, $4] = glorot_uniform
  return ${5:x @ W}
}

fn ${1:name}(${2:x}) = ${3:x}

optimizer ${1:name}(lr = ${2:0.1})(w, g) {
  w <- w - lr * g
}

schedule ${1:name}(${2:peak: float})(step) = ${3:peak}

init ${1:name}(${2:scale = 0.01})(shape) = ${3:scale * normal[shape]}

data ${1:Table} {
  train = csv("${2:table.csv}", target = "${3:class}", test = 0.2)
  ${4:x} = train.data
  ${5:y} = train.target
}

train ${1:Net} on ${2:Table} {
  optimizer ${3:adam(1e-3)}
  batch ${4:32}   epochs ${5:20}   seed 0
  keep best ${6:test.accuracy}
}

generate ${1:Net} on ${2:Text} {
  next   ${3:logits}
  prompt "${4:The}"   length ${5:200}
}

sweep ${1:Net} as ${2:sizes} {
  ${3:hidden} in [${4:32, 64}]
  best ${5:test.loss}
}

adapt ${1:Net} as ${2:Tuned} {
  wrap ${3:dense} at "${4:*}" with ${5:lora(rank = 4)}
  freeze
}
"""


def _by_keyword() -> dict[str, str]:
    """A pattern begins after an empty line with the keyword of its block."""
    found: dict[str, list[str]] = {}
    keyword, open_ = "", False
    for line in _PATTERNS.strip().splitlines():
        if line and not line.startswith((" ", "}")) and not open_:
            keyword = line.partition(" ")[0]
        found.setdefault(keyword, []).append(line)
        open_ = (open_ or line.endswith("{")) and line != "}"
    return {word: "\n".join(lines).strip() for word, lines in found.items()}


SNIPPETS = _by_keyword()
