"""Data sets: loaders that give typed columns, splits, columns of a spec, batches."""

from treadle.train.data.folders import Folders
from treadle.train.data.request import Request
from treadle.train.data.sources import load_source, source_names
from treadle.train.data.table import Table

__all__ = ["Folders", "Request", "Table", "load_source", "source_names"]
