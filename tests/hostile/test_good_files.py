"""What damaged files are made from is read; without that, refusals would prove nothing."""

from __future__ import annotations

import pytest

from hostile.readers import MADE_UP, READERS
from hostile.verdict import READ
from treadle.train.data.sources import source_names


@pytest.mark.parametrize("reader", READERS)
def test_good_files_are_read(judge, good, reader):
    verdict = judge(reader, good[reader])
    assert verdict.outcome == READ, verdict.text


def test_every_source_that_reads_files_is_judged():
    assert set(source_names()) - set(MADE_UP) <= set(READERS)
