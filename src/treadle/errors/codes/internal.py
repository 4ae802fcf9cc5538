"""E11xx: faults of the compiler itself, never of the spec."""

from __future__ import annotations

from treadle.errors.codes.info import CodeInfo

CODES = (
    CodeInfo(
        "E1101",
        "internal error",
        "The compiler contradicted itself. The spec is not to blame; please report it together with the "
        "file.",
        "treadle check net.tdl --debug     # prints the Python traceback to attach",
    ),
    CodeInfo(
        "E1102",
        "graph violates an invariant",
        "The verifier found a malformed graph after the stage or pass that the message names.",
        "treadle check net.tdl --print-after=all",
    ),
    CodeInfo(
        "E1103",
        "operation is not supported by the backend",
        "The backend has no form of this operation, or no index that reaches all elements of a tensor so "
        "large. The reference backend runs everything.",
        "treadle train net.tdl --device numpy",
    ),
)
