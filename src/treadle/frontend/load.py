"""Loading a spec: from a path to checked models and training plans.

Stage: the whole frontend. Input: the path of a spec. Output: `Checked`. Raises one TreadleError with every
mistake found.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from treadle.errors import Diagnostic, Diagnostics, TreadleError, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import generate
from treadle.frontend.elaborate.budget import FATAL, deep_stack, shared_budget
from treadle.frontend.elaborate.data import check_data
from treadle.frontend.elaborate.model import expand, model_graph
from treadle.frontend.elaborate.train import plan
from treadle.frontend.program import Module, link, load_program
from treadle.frontend.result import Checked, GeneratePlan, ModelGraph, TrainPlan
from treadle.frontend.sweeps import plan_sweep, substitute, trials_of
from treadle.source import Source


def load_spec(path: str | Path) -> Checked:
    """Parse a spec and the files it uses, and expand all its models and training blocks.

    Raises:
        TreadleError: with all diagnostics found.
    """
    return check(load_program(Path(path)))


def load_text(text: str, name: str = "spec.tdl") -> Checked:
    """As `load_spec` for a text that uses no files."""
    return check(link(Source(name, text)))


def check(module: Module) -> Checked:
    """Expand everything in a file."""
    problems = Diagnostics()
    try:
        with deep_stack(), shared_budget():
            models = _models(module, problems)
            trains = _trains(module, models, problems)
            generates = _generates(module, problems)
            checked = Checked(module.source, module.spec, models, _datas(module), trains, module, generates)
            _check_datas(checked, problems)
            _check_sweeps(module, problems)
    except RecursionError:
        fail("E0909", f"values in {module.source.name} are nested too deeply")
    problems.raise_if_errors()
    return checked


def _datas(module: Module) -> dict[str, ast.Data]:
    visible = ((name, module.find(name)) for name in sorted(module.names()))
    return {name: found[1] for name, found in visible if found and isinstance(found[1], ast.Data)}


def _check_datas(checked: Checked, problems: Diagnostics) -> None:
    """Data blocks as they are used, and the unused ones that need no arguments."""
    uses = {plan.data: plan.data_arguments for plan in checked.trains.values() if plan.data is not None}
    for name, block in checked.datas.items():
        if _beyond_limits(problems):
            break
        if name in uses or all(param.default is not None for param in block.params):
            problems.extend(check_data(checked, name, uses.get(name)))


def _models(module: Module, problems: Diagnostics) -> dict[str, ModelGraph]:
    """The models that need no arguments, for evaluation."""
    graphs: dict[str, ModelGraph] = {}
    for block in module.blocks.values():
        if isinstance(block, ast.Model | ast.Adapt) and _stands_alone(module, block):
            expanded = expand(module, block, (), block.span, training=False)
            problems.extend(expanded.el.diagnostics)
            if _beyond_limits(problems):
                break
            graphs[block.name] = model_graph(expanded)
    return graphs


def _stands_alone(module: Module, block: ast.Model | ast.Adapt) -> bool:
    """Whether a model needs no arguments; that of an `adapt` block says so itself when it is expanded."""
    passed: list[ast.Adapt] = []
    while isinstance(block, ast.Adapt):
        found = module.find(block.model.id)
        known = found is not None and isinstance(found[1], ast.Model | ast.Adapt)
        if block.model_args or block in passed or found is None or not known:
            return True
        passed.append(block)
        module, block = found[0], cast(ast.Model | ast.Adapt, found[1])
    return all(param.default is not None for param in block.params)


def _trains(module: Module, models: dict[str, ModelGraph], problems: Diagnostics) -> dict[str, TrainPlan]:
    """The plans of the train blocks, by alias or model; a second one of a model is numbered."""
    plans: dict[str, TrainPlan] = {}
    for block in module.trains:
        if _beyond_limits(problems):
            break
        base = name = block.alias or block.model.id
        count = 1
        while name in plans:
            count += 1
            name = f"{base}_{count}"
        found = plan(module, block, name, models, problems)
        if found is not None:
            plans[name] = found
    return plans


def _generates(module: Module, problems: Diagnostics) -> dict[str, GeneratePlan]:
    """The plans of the generate blocks, by alias or model."""
    plans: dict[str, GeneratePlan] = {}
    for block in module.generates:
        if _beyond_limits(problems):
            break
        name = block.alias or block.model.id
        if name in plans:
            hint = f"give it a name: `generate {block.model.id} as other`"
            problems.append(
                Diagnostic("E0302", f"`generate {name}` stands here twice", block.span, hint=hint)
            )
        elif (found := generate.plan(module, block, name, problems)) is not None:
            plans[name] = found
    return plans


def _check_sweeps(module: Module, problems: Diagnostics) -> None:
    """Sweeps vary what exists; of each, the first trial is made."""
    for block in module.sweeps:
        try:
            found = plan_sweep(module, block)
            substitute(module, found, trials_of(found)[0].values)
        except TreadleError as error:
            problems.extend(error.diagnostics)


def _beyond_limits(problems: Diagnostics) -> bool:
    return any(problem.code in FATAL for problem in problems)
