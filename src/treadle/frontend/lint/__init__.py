"""Linting: what a correct spec says but its author hardly meant.

Stage: after `load`. Input: `Checked`. Output: diagnostics with severity "warning", in the order of the text.
Non-goals: mistakes, which `load` reports; taste, which the formatter settles.
"""

from __future__ import annotations

from treadle.errors import Diagnostic
from treadle.frontend.lint.activations import find_activations
from treadle.frontend.lint.influence import find_influence
from treadle.frontend.lint.names import find_names
from treadle.frontend.result import Checked


def lint(checked: Checked) -> list[Diagnostic]:
    """All findings about the file itself, in the order of the text."""
    found = [*find_names(checked), *find_activations(checked), *find_influence(checked)]
    own = [finding for finding in found if finding.span and finding.span.source is checked.source]
    return sorted(dict.fromkeys(own), key=_place)


def _place(finding: Diagnostic) -> tuple[int, str]:
    return (finding.span.start if finding.span else 0), finding.code
