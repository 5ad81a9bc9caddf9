from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge import mnist
from digitforge.errors import ExportError
from tools.real_digits import EACH, choose
from viewer.core.game.real_digits import REAL_DIGITS, load


def test_the_bundled_digits_are_real(mnist_dir: Path) -> None:
    pixels, labels = load()
    assert np.bincount(labels).tolist() == [EACH] * 10
    images, of_test = mnist.read("mnist", mnist_dir, "test")
    chosen = choose(images[:, 0], of_test)
    np.testing.assert_array_equal(pixels, chosen[0])
    np.testing.assert_array_equal(labels, chosen[1])
    assert "CC BY-SA 3.0" in REAL_DIGITS.with_suffix(".md").read_text()


def test_a_missing_or_damaged_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="install digitforge again"):
        load(tmp_path / "no.npz")
    (tmp_path / "cut.npz").write_bytes(REAL_DIGITS.read_bytes()[:-100])
    with pytest.raises(ExportError, match="is damaged"):
        load(tmp_path / "cut.npz")
    np.savez(tmp_path / "other.npz", images=np.zeros((3, 9, 9), np.uint8), labels=np.zeros(3, np.uint8))
    with pytest.raises(ExportError, match="is damaged"):
        load(tmp_path / "other.npz")
