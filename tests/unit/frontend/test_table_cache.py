"""Parser tables survive the way through the cache folder; a damaged or unwritable folder costs only time."""

from __future__ import annotations

from support.spec_texts import EVERYTHING
from treadle.frontend import parser, table_cache
from treadle.source import Source


def test_integer_keys_survive(tmp_path, monkeypatch):
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path))
    data = {"states": {0: {"a": [1, 2]}, 17: {}}, "name": "x"}
    table_cache.write("key", data)
    assert table_cache.read("key") == data


def test_missing_and_damaged_files_are_misses(tmp_path, monkeypatch):
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path))
    assert table_cache.read("key") is None
    table_cache.write("key", {"a": 1})
    path = tmp_path / "grammar" / "key.json"
    path.write_bytes(path.read_bytes()[:-2] + b"\xff")
    assert table_cache.read("key") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path / "file"))
    table_cache.write("key", {})
    assert table_cache.read("key") is None


def test_keys_separate_their_parts():
    assert table_cache.key_of("ab", "c") != table_cache.key_of("a", "bc")


def test_cached_tables_parse_like_fresh_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("TREADLE_CACHE_DIR", str(tmp_path))
    trees = []
    for _ in range(2):
        parser._grammar.cache_clear()
        trees.append(parser.parse(Source("f", EVERYTHING)))
    assert len(list((tmp_path / "grammar").iterdir())) == 1
    assert trees[0] == trees[1]
