"""What ends a command is said in words."""

from __future__ import annotations

from treadle.cli.problems import report


def test_memory_that_is_not_there_is_no_bug_of_ours(capsys):
    assert report(MemoryError("Unable to allocate 8.00 TiB"), as_json=False, debug=False) == 1
    assert capsys.readouterr().err.startswith("error[E0908]: there is not enough memory: Unable to allocate")
