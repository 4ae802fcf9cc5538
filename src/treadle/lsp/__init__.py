"""The language server: what an editor shows about a spec while it is written (`treadle lsp`).

Input: the protocol's messages about open texts. Output: its answers. Everything here is worked out from the
frontend alone, nothing is compiled. Non-goals: the editors' own sides (`examples/editor`).
"""
