"""Training: data, the loop, metrics, checkpoints and run folders. Yields events; prints nothing."""
