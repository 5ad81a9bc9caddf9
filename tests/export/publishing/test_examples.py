"""The examples fit their generator: its latents, its classes and its batch."""

from __future__ import annotations

from dataclasses import replace

from export.contract import GeneratorInfo
from export.publishing.examples import javascript_example, python_example

FREE = GeneratorInfo(6, "uniform", (), 3, 12, 12)
TWO = replace(FREE, classes=("a", "b"), latent_distribution="normal")


def test_the_python_example_fits_its_generator() -> None:
    assert "random.uniform(-1, 1, (10, 6))" in python_example(FREE, 0)
    assert '"y"' not in python_example(FREE, 0).replace('{"z"', "").partition("session.run")[0]
    assert "random.standard_normal((4, 6)" in python_example(TWO, 4)
    assert "np.eye(2, dtype=np.float32)[np.arange(4) % 2]" in python_example(TWO, 4)


def test_the_javascript_example_fits_its_generator() -> None:
    assert "2 * Math.random() - 1" in javascript_example(FREE, 0)
    assert "inputs.y" not in javascript_example(FREE, 0)
    assert "length: 24 }" in javascript_example(TWO, 4)
    assert "weights, [4, 2]" in javascript_example(TWO, 4)
