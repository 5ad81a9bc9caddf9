"""Train digit GANs, export verified ONNX generators, and use them from Python.

>>> import digitforge
>>> generator = digitforge.open("digits.onnx")
>>> images = generator.sample(10)
"""

from digitforge.errors import CannotWrite, DigitforgeError, ExportError, ModelRefused
from digitforge.generator import Generator, open  # noqa: A004 - named after the built-in function

__all__ = ["CannotWrite", "DigitforgeError", "ExportError", "Generator", "ModelRefused", "open"]
