"""`treadle render SPEC`: one spec that needs no other file, with everything it uses written out."""

import json

from treadle.cli.options import JsonOption, ModelOption, SpecArgument
from treadle.frontend.gallery import find_spec
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import check
from treadle.frontend.program import load_program


def run(spec: SpecArgument, model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Print a spec with the library's definitions that it uses, and all defaults filled in."""
    path = find_spec(spec)
    module = load_program(path)
    check(module)
    text = inlined_text(module, model)
    if as_json:
        print(json.dumps({"spec": str(path), "text": text}, indent=2))
    else:
        print(text, end="")
