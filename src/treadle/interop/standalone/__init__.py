"""Models as Python modules that need no Treadle: `treadle export --to python` and `--to numpy`."""
