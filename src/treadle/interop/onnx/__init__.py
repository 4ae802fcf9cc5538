"""ONNX: a graph for inference as a model that ONNX runtimes run."""
