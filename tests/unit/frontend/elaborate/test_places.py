"""Nodes of library code know which line of the spec called it."""

from __future__ import annotations

from treadle.frontend.load import load_spec

SPEC = """model Net {
  input x: f32[N, 4]
  h = x |> dense(3) |> relu
  output y = softmax(h)
}
"""


def test_nodes_and_leaves_come_from_the_line_that_called_the_layer(tmp_path):
    """Whatever file the op stands in; the order of lines is that of the nodes."""
    (tmp_path / "net.tdl").write_text(SPEC)
    graph = load_spec(tmp_path / "net.tdl").models["Net"].graph
    lines = {(node.op, node.span.origin.line) for node in graph if node.span is not None}
    assert {("param", 3), ("matmul", 3), ("relu", 3), ("exp", 4), ("div", 4)} <= lines
    assert {node.span.origin.source.name for node in graph if node.span} == {str(tmp_path / "net.tdl")}
