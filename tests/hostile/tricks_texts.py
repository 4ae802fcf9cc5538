"""Tables, texts, IDX files and specs that are too long, too wide, too deep or no text at all."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from hostile.tricks_archives import GIGABYTE, packed_bomb

Trick = bytes | Callable[[Path], None]


def line_of_a_gigabyte(path: Path) -> None:
    """A table without a line end; the disk holds none of its zeros."""
    with path.open("wb") as stream:
        stream.write(b"a,b,kind")
        stream.truncate(GIGABYTE)


def cells_of_a_gigabyte(path: Path) -> None:
    """A good beginning, then a row that does not end."""
    with path.open("wb") as stream:
        stream.write(b'a,b,kind\n1,2,x\n1,2,"x')
        stream.truncate(GIGABYTE)


TABLES: dict[str, Trick] = {
    "empty": b"",
    "header_alone": b"a,b,kind\n",
    "line_of_a_gigabyte": line_of_a_gigabyte,
    "cell_without_end": cells_of_a_gigabyte,
    "quotes_without_end": b'a,b\n1,"' + b'",\n"' * 3_000_000,
    "a_million_columns": b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n",
    "one_column_a_million_times": b"a," * 1_000_000 + b"\n",
    "ragged": b"a,b,kind\n1,2,x\n1,2\n",
    "latin": b"a,b,kind\n1,2,\xe9\n",
    "utf_16": "a,b,kind\n1,2,x\n".encode("utf-16"),
    "nan": b"a,b,kind\n1,nan,x\n",
    "nan_first": b"a,b,kind\nnan,2,x\n",
    "infinite": b"a,b,kind\n1,2,x\n1,-inf,x\n",
    "beyond_f32": b"a,b,kind\n1,1e39,x\n",
    "gap": b"a,b,kind\n1,2,x\n1,,x\n",
    "gap_first": b"a,b,kind\n1,,x\n1,2,x\n",
    "number_of_a_million_digits": b"a,b,kind\n" + b"9" * 1_000_000 + b",2,x\n",
    "nul": b"a,b,kind\n1,2,x\n1,\0,x\n",
}
HARMLESS_TABLES: dict[str, bytes] = {
    "byte_order_mark": b"\xef\xbb\xbfa,b,kind\n1,2,x\n1,2,x\n1,2,x\n",
    "quoted_line_ends": b'a,b,kind\n1,2,"x\ny"\n3,4,"z"\n5,6,z\n',
    "windows_line_ends": b"a,b,kind\r\n1,2,x\r\n1,2,y\r\n1,2,y\r\n",
    "blank_lines": b"a,b,kind\n\n1,2,x\n\n\n1,2,y\n1,2,y\n",
}
ROWS: dict[str, Trick] = {name: trick for name, trick in TABLES.items() if name != "header_alone"}
TEXTS: dict[str, Trick] = {
    "empty": b"",
    "blank": b" \n" * 1000,
    "latin": b"caf\xe9 " * 100,
    "cut_utf_8": "naïve café".encode()[:-1],
}
PACKED: dict[str, Trick] = {
    "bomb": packed_bomb(b"text\tlabel\n", 10 * GIGABYTE),
    "cut_short": packed_bomb(b"text\tlabel\n", 0)[:-9],
    "not_packed": b"text\tlabel\na\tb\n",
    "wrong_checksum": packed_bomb(b"text\tlabel\na\tb\n", 0)[:-8] + b"\0" * 8,
}


def idx(sizes: tuple[int, ...], content: bytes = b"\0" * 16, kind: int = 8) -> bytes:
    """An IDX file that says this."""
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + content


IDX: dict[str, Trick] = {
    "empty": b"",
    "magic_alone": b"\0\0\x08",
    "no_axes": b"\0\0\x08\0",
    "sizes_missing": b"\0\0\x08\xff\0\0",
    "two_hundred_axes": idx((1,) * 200, b"\0"),
    "empty_axes": idx((0, 2**32 - 1, 2**32 - 1), b""),
    "three_gigabytes": idx((3, GIGABYTE)),
    "trillions": idx((2**32 - 1,) * 4),
    "too_long": idx((4, 2, 2), b"\0" * 17),
    "too_short": idx((4, 2, 2), b"\0" * 15),
    "type_unknown": idx((4, 2, 2), kind=7),
    "not_idx": b"GIF89a" * 10,
}

_DOUBLING = "".join(f"  x{i + 1} = [x{i}, x{i}]\n" for i in range(60))
SPECS: dict[str, Trick] = {
    "nul": b"\0" * 1000,
    "latin": b"model M { # caf\xe9\n}",
    "ten_megabytes": b"# comment\n" * 1_000_000,
    "gigabyte": line_of_a_gigabyte,
    "brackets": b"const a = " + b"(" * 50_000,
    "blocks": b"model M {" + b"if true {" * 10_000,
    "operators": b"const a = " + b"-" * 90_000 + b"1",
    "long_chain": b"const a = 1" + b" + 1" * 20_000,
    "doubling_lists": f"const x0 = [1, 1]\n{_DOUBLING.replace('  x', 'const x')}const y = len(x60)\n".encode()
    + b"model M {\n  input x: [N]\n  loss mean(x) * y\n}\n",
    "lists_in_a_layer": b"model M {\n  input x: [N, 2]\n  x0 = [x, x]\n"
    + f"{_DOUBLING}  loss mean(concat(x60))\n}}\n".encode(),
    "loops_in_loops": b"model M {\n  input x: [N, 2]\n"
    + b"".join(b"for i%d in range(100) {\n" % i for i in range(9))
    + b"x = x + 1\n"
    + b"}\n" * 9
    + b"loss mean(x)\n}\n",
    "recursion": b"fn f(x) = f(f(x))\nmodel M {\n  input x: [N, 2]\n  loss mean(f(x))\n}\n",
    "power": b"const a = 9 ^ 9 ^ 9 ^ 9\nmodel M {\n  input x: [N, 2]\n  loss mean(x) * a\n}\n",
    "trillion_weights": b"model M {\n  input x: [N, 1000000]\n  loss mean(dense(1000000000000)(x))\n}\n",
    "uses_itself": b'use "spec.tdl"\n',
    "uses_the_system": b'use "../../../../etc/passwd"\n',
}
