"""Weights in formats that are not read: said in words, with the way to convert them.

Formats that unpickle run whatever code the file's author put there, so Treadle has no reader for them at
all. Input: a path. Output: nothing, or a diagnostic.
"""

from __future__ import annotations

from pathlib import Path

from treadle.errors import fail

_TORCH = (
    "convert it where PyTorch is: `safetensors.torch.save_file("
    'torch.load("{name}", weights_only=True), "{stem}.safetensors")`'
)
_NUMPY = 'convert it: `safetensors.numpy.save_file(dict(numpy.load("{name}")), "{stem}.safetensors")`'
_PICKLE = "load it where it was written, and write its arrays with `safetensors.numpy.save_file`"
_KERAS = "write its arrays by name with `safetensors.numpy.save_file`, where Keras is"

_FORMATS = {
    ".pt": ("a PyTorch pickle", _TORCH),
    ".pth": ("a PyTorch pickle", _TORCH),
    ".bin": ("a PyTorch pickle", _TORCH),
    ".ckpt": ("a PyTorch pickle", _TORCH),
    ".pkl": ("a pickle", _PICKLE),
    ".pickle": ("a pickle", _PICKLE),
    ".joblib": ("a pickle", _PICKLE),
    ".npz": ("a NumPy archive", _NUMPY),
    ".npy": ("a NumPy array", "weights have names; write them with `safetensors.numpy.save_file`"),
    ".h5": ("an HDF5 file", _KERAS),
    ".keras": ("a Keras archive", _KERAS),
    ".onnx": ("an ONNX model", "`treadle import {name}` makes a spec and a safetensors file of it"),
}
_BEGINNINGS = {
    b"PK\x03\x04": ("an archive, as PyTorch writes it", _TORCH),
    b"\x80\x02": ("a pickle", _TORCH),
    b"\x80\x03": ("a pickle", _PICKLE),
    b"\x80\x04": ("a pickle", _PICKLE),
    b"\x80\x05": ("a pickle", _PICKLE),
    b"\x93NUMPY": ("a NumPy array", _FORMATS[".npy"][1]),
    b"\x89HDF": ("an HDF5 file", _KERAS),
}


def refuse_foreign(path: Path) -> None:
    """Refuses a file whose ending or beginning is that of another format.

    Raises:
        TreadleError: E0813.
    """
    found = _FORMATS.get(path.suffix.lower()) or _by_beginning(path)
    if found is not None:
        what, way = found
        hint = way.format(name=path.name, stem=path.stem)
        fail("E0813", f"{path} is {what}; weights are read from .safetensors files alone", hint=hint)


def _by_beginning(path: Path) -> tuple[str, str] | None:
    with path.open("rb") as stream:
        start = stream.read(16)
    # the length of a small safetensors header begins with any two bytes; its seventh byte and the brace tell
    if start[6:9] == b"\0\0{":
        return None
    return next((found for begin, found in _BEGINNINGS.items() if start.startswith(begin)), None)
