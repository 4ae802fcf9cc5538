"""`treadle render SPEC`: one spec that needs no other file, with everything it uses written out."""

from treadle.cli.options import ModelOption, SpecArgument
from treadle.frontend.gallery import find_spec
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import check
from treadle.frontend.program import load_program


def run(spec: SpecArgument, model: ModelOption = None) -> None:
    """Print a spec with the library's definitions that it uses, and all defaults filled in."""
    module = load_program(find_spec(spec))
    check(module)
    print(inlined_text(module, model), end="")
