"""One module per command, each with a function `run` whose signature is the command's."""
