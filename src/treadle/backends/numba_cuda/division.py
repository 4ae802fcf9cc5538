"""Division of indices by a number that is known when a kernel is launched: a multiplication and a shift.

Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
"""

from __future__ import annotations

BITS = 31  # of the numbers that are divided


def magic(divisor: int) -> tuple[int, int]:
    """Multiplier (a signed 32-bit word) and shift with `n // divisor == n * multiplier >> shift`, n < 2^31.

    Raises:
        ValueError: for a divisor that is not positive or not below 2^31.
    """
    if not 0 < divisor < 1 << BITS:
        raise ValueError(f"an extent must be between 1 and 2^31, not {divisor}")
    shift = BITS + (divisor - 1).bit_length()
    multiplier = -(-(1 << shift) // divisor)
    return multiplier - (1 << 32) if multiplier >= 1 << 31 else multiplier, shift
