"""ONNX models behind one contract: arrays in, arrays out."""
