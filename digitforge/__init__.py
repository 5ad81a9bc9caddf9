"""Train digit GANs, export verified ONNX generators, and use them from Python."""
