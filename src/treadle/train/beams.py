"""Beam search: keeping the likeliest beginnings of a sequence while it grows.

Input: scores of the next symbols, for every beginning. Output: which beginnings go on with which symbols,
and the finished sequences in order. Formula: a sequence of n drawn symbols counts log p / n^penalty.
Source: Graves 2012; length normalisation as in Wu et al. 2016. Non-goals: running the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Ended:
    """A finished sequence: its drawn symbols and its score."""

    symbols: tuple[int, ...]
    score: float


@dataclass
class Beams:
    """The beginnings that are alive, best first, and the sequences that have ended.

    Attributes:
        width: how many beginnings are kept.
        longest: how many symbols are drawn at most.
        penalty: the exponent of the length; 0 prefers short sequences, 1 compares means.
        is_end: whether a sequence of drawn symbols is complete.
    """

    width: int
    longest: int
    penalty: float
    is_end: Callable[[Sequence[int]], bool]
    alive: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    totals: list[float] = field(default_factory=lambda: [0.0])
    ended: list[Ended] = field(default_factory=list)

    def grow(self, scores: Scores) -> list[int]:
        """Takes the scores [rows, symbols] of the rows alive; says which row each new one extends."""
        count = scores.shape[1]
        total = np.array(self.totals)[:, None] + scores[: len(self.alive)]
        flat = total.ravel()
        best = np.argsort(-flat, kind="stable")[: 2 * self.width]
        parents: list[int] = []
        alive: list[tuple[int, ...]] = []
        totals: list[float] = []
        for place in best:
            parent, symbol = divmod(int(place), count)
            sequence = (*self.alive[parent], symbol)
            if self.is_end(sequence):
                self._end(sequence, float(flat[place]))
            elif len(alive) < self.width:
                parents.append(parent)
                alive.append(sequence)
                totals.append(float(flat[place]))
        self.alive, self.totals = alive, totals
        return parents

    @property
    def done(self) -> bool:
        """Whether none can go on, or none alive can still become better than as many that have ended."""
        if not self.alive or len(self.ended) < self.width:
            return not self.alive
        worst = sorted(one.score for one in self.ended)[-self.width]
        attainable: float = self.totals[0] / self.longest**self.penalty
        return worst >= attainable

    def results(self, count: int) -> list[Ended]:
        """The best sequences, ended ones and those cut off."""
        if len(self.ended) < self.width:
            for sequence, total in zip(self.alive, self.totals, strict=True):
                self._end(sequence, total)
        return sorted(self.ended, key=lambda one: -one.score)[:count]

    def _end(self, sequence: tuple[int, ...], total: float) -> None:
        self.ended.append(Ended(sequence, total / max(1, len(sequence)) ** self.penalty))
