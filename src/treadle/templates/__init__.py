"""Specs to begin with: `treadle new` copies one of these files; `Network` becomes the name that is wanted."""
