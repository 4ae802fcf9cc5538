"""Finding specs, under its former name."""

from treadle.frontend.gallery import find_spec, gallery

__all__ = ["find_spec", "gallery"]
