"""Import of ONNX models: a model file becomes the text of a spec and the values of its weights."""
