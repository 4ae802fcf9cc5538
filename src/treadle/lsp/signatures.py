"""Signature help: the parameters of the call that is being written, the current one marked.

Input: a `Reading` and an offset. Output: the protocol's form, or nothing outside of calls.
"""

from __future__ import annotations

from lsprotocol import types as lsp

from treadle.lsp.calls import Signature, signature_of
from treadle.lsp.context import OpenCall, context_at
from treadle.lsp.reading import Reading


def signature_help(reading: Reading, offset: int) -> lsp.SignatureHelp | None:
    """The innermost call around an offset whose parameters are known."""
    context = context_at(reading.source.text, offset)
    for call in reversed(context.calls):
        found = None if call is None else signature_of(call, reading, in_data=context.block == "data")
        if call is not None and found is not None:
            return lsp.SignatureHelp([_information(found)], 0, _active(found, call))
    return None


def _information(found: Signature) -> lsp.SignatureInformation:
    label = f"{found.name}("
    params = []
    for number, param in enumerate(found.params):
        label += ", " if number else ""
        params.append(lsp.ParameterInformation((len(label), len(label) + len(param.text))))
        label += param.text
    words = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.documentation)
    return lsp.SignatureInformation(f"{label})", words, params)


def _active(found: Signature, call: OpenCall) -> int:
    names = [param.name for param in found.params]
    if call.name is not None:
        return names.index(call.name) if call.name in names else len(names)
    variadic = bool(found.params) and found.params[0].text.startswith("*")
    return 0 if variadic else call.index + found.first
