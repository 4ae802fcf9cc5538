"""The text of a program's GPU kernels and of their launches, for `--emit=cuda`.

Input: a plan. Output: the launches in order, then each distinct kernel once. Needs no CUDA.
"""

from __future__ import annotations

from treadle.backends.numba_cuda.choose import choose_steps
from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Product
from treadle.backends.numba_cuda.link import Command, Commands, Linker, Place
from treadle.lower.plan import Plan


def source_text(plan: Plan) -> str:
    """Launches and kernels of a plan."""
    linker = Linker(choose_steps)
    linker.prepare(plan)
    names = {source: f"{source.name}#{number}" for number, source in enumerate(linker.sources())}
    kernels = [_kernel(source, name) for source, name in names.items()]
    return "\n".join([f"# program {plan.name}", *_commands(linker.link(plan.calls), names), "", *kernels])


def _commands(commands: Commands, names: dict[KernelSource, str]) -> list[str]:
    lines: list[str] = []
    for command in commands:
        if isinstance(command, Command):
            lines.append(_command(command, names))
        else:
            lines.append(f"# {command.count} times:")
            lines += [f"#   {line.removeprefix('# ')}" for line in _commands(command.body, names)]
    return lines


def _command(command: Command, names: dict[KernelSource, str]) -> str:
    step = command.step
    arguments = ", ".join(_argument(argument) for argument in command.arguments)
    if isinstance(step, Fill):
        return f"# fill({arguments}, {step.count} bytes, {step.value})"
    if isinstance(step, Product):
        sizes = "x".join(map(str, (step.batch, step.m, step.n, step.k)))
        return f"# product {sizes} of {step.dtype}({arguments})"
    shape = f"grid {_three(step.grid)}, block {_three(step.block)}"
    shared = f", shared {step.shared} bytes" if step.shared else ""
    return f"# {names[step.source]}<<<{shape}{shared}>>>({arguments})"


def _argument(argument: Place | float) -> str:
    if not isinstance(argument, Place):
        return str(argument)
    return argument.buffer.name + (f"+{argument.offset}" if argument.offset else "")


def _three(extents: tuple[int, ...]) -> str:
    while len(extents) > 1 and extents[-1] == 1:
        extents = extents[:-1]
    return "x".join(map(str, extents))


def _kernel(source: KernelSource, name: str) -> str:
    bounds = f"at most {source.threads} threads, at least {source.blocks} blocks per multiprocessor"
    return f"# {name}({', '.join(source.params)}): {bounds}\n{source.text.strip()}\n"
