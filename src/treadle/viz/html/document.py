"""The document of a page: views, the modes that show them, looks, and tables of facts.

Input: a scene and the program it was made of. Output: the text of a page. Non-goals: the page (`bundle`).

A page shows more than was asked for: a model with a loss can be switched between its forward part, its
backward part and both, whichever of them it starts with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from treadle.driver import Program
from treadle.ir import Graph
from treadle.viz.build import forward_scene, joint_scene
from treadle.viz.gradients import with_gradients
from treadle.viz.html.bundle import page
from treadle.viz.html.colours import kind_styles
from treadle.viz.html.facts import Facts
from treadle.viz.html.kernels import Kernels
from treadle.viz.html.view import PARTS, IsOpen, view_of
from treadle.viz.scene import Kind, Part, Scene
from treadle.viz.style import LOOKS, Role

Json = dict[str, Any]
_SWITCHED = ("forward", "backward", "joint")


def html_page(scene: Scene, program: Program, is_open: IsOpen) -> str:
    """The page of a scene.

    Args:
        scene: what was asked for.
        program: what the scene was made of.
        is_open: whether a layer or loop is open at the start.
    """
    has_loss = "loss" in program.graph.outputs
    grown = with_gradients(program.graph) if has_loss else program.graph
    facts = Facts(Kernels(replace(program, graph=grown)))
    views, modes = _views(scene, program.graph)
    document: Json = {
        "title": scene.title,
        "views": [view_of(view, facts, is_open) for view in views],
        "modes": modes,
        "first": next((n for n, mode in enumerate(modes) if mode["label"] == scene.what), 0),
        "looks": {kind.name: _look(kind) for kind in Kind},
        "roles": {role.name.lower(): role.value for role in Role},
        "parts": [part.value for part in Part],
    }
    return page(scene.title, document | facts.tables(), kind_styles())


def _views(scene: Scene, graph: Graph) -> tuple[list[Scene], list[Json]]:
    everything = list(range(len(PARTS)))
    if scene.what not in _SWITCHED or "loss" not in graph.outputs:
        return [scene], [_mode(scene.what, 0, everything, scene)]
    views = [forward_scene(graph), joint_scene(graph)]
    backward = [PARTS.index(Part.BACKWARD)]
    return views, [
        _mode("forward", 0, everything, views[0]),
        _mode("backward", 1, backward, views[1]) | {"border": True, "title": f"{graph.name}: backward"},
        _mode("joint", 1, everything, views[1]),
    ]


def _mode(label: str, view: int, parts: list[int], scene: Scene) -> Json:
    count = [f"{scene.parameters:,} parameters".replace(",", "\u202f")] if scene.parameters else []
    note = "; ".join([*count, *scene.notes])
    return {"label": label, "title": scene.title, "view": view, "parts": parts, "note": note}


def _look(kind: Kind) -> Json:
    look = LOOKS[kind]
    flags = {
        "dashed": "dashed" in look.style,
        "double": look.peripheries > 1,
        "bold": look.penwidth > 1,
    }
    corners = [style for style in ("rounded", "diagonals") if style in look.style]
    return {
        "words": kind.value,
        "shape": look.shape,
        **({"corners": corners[0]} if corners else {}),
        **{name: True for name, value in flags.items() if value},
    }
