from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.arrays import NotArrays, read_arrays

VALUES = np.arange(6.0).reshape(2, 3)


def test_archives_and_single_arrays_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", images=VALUES, labels=np.array(["a", "b"]))
    np.save(tmp_path / "one.npy", VALUES)
    two, one = read_arrays(tmp_path / "two.npz"), read_arrays(tmp_path / "one.npy")
    assert np.array_equal(two["images"], VALUES)
    assert two["labels"].tolist() == ["a", "b"]
    assert one.keys() == {"arr_0"}
    assert np.array_equal(one["arr_0"], VALUES)


def test_files_that_are_no_arrays_are_explained(tmp_path: Path) -> None:
    np.savez(tmp_path / "whole.npz", images=VALUES)
    (tmp_path / "half.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:200])
    (tmp_path / "text.npz").write_text("images")
    np.save(tmp_path / "objects.npy", np.array([{}, []], object), allow_pickle=True)
    for name, said in {
        "half.npz": "is damaged, or not a file of NumPy arrays",
        "text.npz": "is damaged, or not a file of NumPy arrays",
        "objects.npy": "holds pickled objects, which digitforge never loads",
        "none.npz": "cannot be read: no such file or directory",
    }.items():
        with pytest.raises(NotArrays, match=said):
            read_arrays(tmp_path / name)
    with pytest.raises(NotArrays, match="0 MiB, more than the free memory"):
        read_arrays(tmp_path / "whole.npz", most_bytes=10)
