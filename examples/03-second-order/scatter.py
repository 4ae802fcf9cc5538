"""Draws the samples that `treadle predict ... -o samples.npz` wrote: `python scatter.py`."""

import matplotlib.pyplot as plt
import numpy as np

samples = np.load("samples.npz")["sample"]
figure, axes = plt.subplots(figsize=(4, 4))
axes.scatter(samples[:, 0], samples[:, 1], s=3)
axes.set_aspect("equal")
figure.savefig("samples.png", dpi=80)
