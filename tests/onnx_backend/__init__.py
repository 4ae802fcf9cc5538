"""The backend tests of the package `onnx`, with Treadle's import as the backend."""
