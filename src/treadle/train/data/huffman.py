"""Huffman trees: frequent words get short paths, so that a hierarchical softmax asks few questions.

Input: how often each word occurs. Output: for each word the inner nodes from the root down, and which way to
turn at each. Huffman 1952; Morin and Bengio 2005; Mikolov et al. 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

Steps = npt.NDArray[np.int32]


def huffman_paths(counts: Sequence[int]) -> tuple[Steps, Steps]:
    """The paths and turns of all words, both [words, depth] and filled up with 0 behind the end of a path.

    Inner nodes are numbered from 0, the root has the last number, `len(counts)` - 2. A turn is 1 to the rarer
    side and -1 to the other.
    """
    parents, turns = _grow(counts)
    root = 2 * len(counts) - 2
    walks = [_walk(word, root, parents, turns) for word in range(len(counts))]
    depth = max(map(len, walks))
    filled = np.zeros((2, len(counts), depth), np.int32)
    for word, walk in enumerate(walks):
        filled[:, word, : len(walk)] = np.array(walk, np.int32).reshape(-1, 2).T
    filled[0, filled[1] != 0] -= len(counts)
    return filled[0], filled[1]


def _grow(counts: Sequence[int]) -> tuple[list[int], list[int]]:
    """The parent of each node and the turn that leads to it; words come first, then inner nodes."""
    words = len(counts)
    parents, turns = [0] * (2 * words - 1), [0] * (2 * words - 1)
    heap = [(count, node) for node, count in enumerate(counts)]
    heapify(heap)
    for inner in range(words, 2 * words - 1):
        (rare, low), (common, high) = heappop(heap), heappop(heap)
        parents[low], turns[low] = inner, 1
        parents[high], turns[high] = inner, -1
        heappush(heap, (rare + common, inner))
    return parents, turns


def _walk(node: int, root: int, parents: list[int], turns: list[int]) -> list[tuple[int, int]]:
    """The inner nodes above a node with the turns taken there, from the root down."""
    steps = []
    while node != root:
        steps.append((parents[node], turns[node]))
        node = parents[node]
    return steps[::-1]
