"""Compiled CPU backend: generated kernels, templates, object cache, driver and threads."""
