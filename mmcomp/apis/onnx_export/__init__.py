"""Models as ONNX files, and how far their numbers are from torch's."""
