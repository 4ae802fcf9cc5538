"""Studies of a trained network: its loss around the weights, curvature, gradients, what it looks at."""
