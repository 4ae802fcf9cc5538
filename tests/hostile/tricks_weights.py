"""Safetensors files that lie about lengths, places, types and names; weights in other formats; JSON."""

from __future__ import annotations

import json
import pickle
import struct
from typing import Any

from hostile.tricks_archives import HONEST, zipped

DEEP = "[" * 100_000


def tensors(header: Any, content: bytes = b"\0" * 8, length: int | None = None) -> bytes:
    """A safetensors file with any header, as data or as text."""
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    """What a header says about a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


WEIGHTS = {
    "empty": b"",
    "seven_bytes": b"\0" * 7,
    "header_of_2_to_60": tensors({}, length=2**60),
    "header_beyond_the_file": tensors({"a": entry()}, length=1000),
    "header_is_short": tensors({"a": entry()}, length=10),
    "header_of_spaces": tensors(" " * 5_000_000),
    "header_is_a_list": tensors([]),
    "header_is_deep": tensors('{"a":' + DEEP),
    "header_is_latin": struct.pack("<Q", 4) + b'{"\xff"}',
    "header_is_nan": tensors('{"a": NaN}'),
    "number_of_a_million_digits": tensors('{"a": ' + "9" * 1_000_000 + "}"),
    "many_tensors": tensors({f"t{i}": entry(shape=(0,), offsets=(0, 0)) for i in range(100_000)}),
    "name_twice": tensors('{"a": %s, "a": %s}' % ((json.dumps(entry()),) * 2)),
    "name_with_nul": tensors({"a\0b": entry()}),
    "name_of_a_million": tensors({"a" * 1_000_000: entry()}),
    "entry_is_a_number": tensors({"a": 5}),
    "entry_is_null": tensors({"a": None}),
    "lacks_offsets": tensors({"a": {"dtype": "F32", "shape": [2]}}),
    "three_offsets": tensors({"a": entry(offsets=(0, 4, 8))}),
    "offsets_beyond": tensors({"a": entry(offsets=(8, 16))}),
    "offsets_backwards": tensors({"a": entry(offsets=(8, 0))}),
    "offsets_negative": tensors({"a": entry(offsets=(-8, 0))}),
    "offsets_are_floats": tensors({"a": entry(offsets=(0.0, 8.0))}),
    "offsets_are_texts": tensors({"a": entry(offsets="08")}),
    "offsets_huge": tensors({"a": entry(shape=(2**60,), offsets=(0, 2**62))}),
    "tensors_overlap": tensors({"a": entry(), "b": entry(shape=(1,), offsets=(4, 8))}),
    "tensors_share": tensors({f"a{i}": entry() for i in range(1000)}),
    "hole": tensors({"a": entry(shape=(1,), offsets=(0, 4)), "b": entry(offsets=(8, 16))}, b"\0" * 16),
    "bytes_left_over": tensors({"a": entry()}, b"\0" * 99),
    "bytes_missing": tensors({"a": entry()}, b"\0" * 7),
    "shape_lies": tensors({"a": entry(shape=(3,))}),
    "shape_overflows": tensors({"a": entry(shape=(2**33, 2**33), offsets=(0, 8))}),
    "shape_negative": tensors({"a": entry(shape=(-1, -2))}),
    "shape_of_booleans": tensors({"a": entry(shape=(True, 2))}),
    "shape_is_a_text": tensors({"a": entry(shape="2")}),
    "thousand_axes": tensors({"a": entry(shape=(1,) * 999 + (2,))}),
    "type_lies": tensors({"a": entry(dtype="F64")}),
    "type_unknown": tensors({"a": entry(dtype="F8_E4M3", offsets=(0, 2))}, b"\0\0"),
    "type_is_a_list": tensors({"a": entry(dtype=[])}),
    "metadata_is_a_list": tensors({"__metadata__": [], "a": entry()}),
    "metadata_of_numbers": tensors({"__metadata__": {"treadle": 1}, "a": entry()}),
    "facts_are_deep": tensors({"__metadata__": {"treadle": DEEP}, "a": entry()}),
    "facts_are_no_json": tensors({"__metadata__": {"treadle": "{"}, "a": entry()}),
    "a_pickle": pickle.dumps({"a": [1.0]}),
    "an_archive": zipped(("data.pkl", b"\x80\x04.")),
    "an_array": HONEST,
}

JSONS = {
    "empty": b"",
    "deep": DEEP.encode(),
    "deep_objects": ('{"a":' * 100_000).encode(),
    "ten_megabytes": b'"' + b"a" * 10_000_000 + b'"',
    "a_million_digits": b"9" * 1_000_000,
    "a_list": b"[]",
    "name_twice": b'{"seed": 1, "seed": 2}',
    "latin": b'{"\xff": 1}',
    "nul": b"\0" * 100,
    "cut_short": b'{"spec": "m.td',
}
