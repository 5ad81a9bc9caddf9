from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitforge.errors import DataError
from digitforge.generator import open as open_generator
from trainer.data import datasets

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8)
LABELS = np.arange(20) % 2 + 3


def saved(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return f"npz:{path}"


@pytest.mark.parametrize(
    "names",
    [
        ("images", "labels"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X", "y"),
        ("arr_0", "arr_1"),
    ],
)
def test_arrays_under_the_names_that_people_use(tmp_path: Path, names: tuple[str, ...]) -> None:
    values = (IMAGES[:12], LABELS[:12], IMAGES[12:], LABELS[12:])
    dataset = saved(tmp_path / "set.npz", **dict(zip(names, values, strict=False)))
    source = datasets.load(dataset, None)
    assert np.array_equal(source.images[:, 0], IMAGES[:12])
    assert source.format.classes == ("3", "4")
    assert source.labels.tolist() == (LABELS[:12] - 3).tolist()
    test = datasets.load(dataset, None, "test")
    assert np.array_equal(test.images[:, 0], IMAGES[12:] if len(names) == 4 else IMAGES[:12])


def test_a_data_set_of_our_own_is_read_back(tmp_path: Path, project: Path) -> None:
    sampled = open_generator(project / "viewer" / "models" / "digits.onnx").sample(6, digits=[3, 5], seed=1)
    source = datasets.load(saved(tmp_path / "a.npz", images=sampled, labels=np.array([3, 5] * 3)), None, classes="5")
    assert np.array_equal(source.images[:, 0], sampled[1::2])
    assert source.format.classes == ("5",)


def test_a_npy_file_holds_images_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "cat.npy", IMAGES.reshape(20, 64))
    source = datasets.load(f"npz:{tmp_path / 'cat.npy'}", None, image_size=4)
    assert source.images.shape == (20, 1, 4, 4)
    assert source.format.classes == ()
    assert datasets.short_name(source.dataset) == "cat"


def test_images_that_are_not_square_are_cut_in_the_middle(tmp_path: Path) -> None:
    wide = np.concatenate([np.zeros((20, 8, 2), np.uint8), IMAGES, np.zeros((20, 8, 2), np.uint8)], axis=2)
    assert np.array_equal(datasets.load(saved(tmp_path / "a.npz", images=wide), None).images[:, 0], IMAGES)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    whole = Path(saved(tmp_path / "a.npz", images=IMAGES, labels=LABELS).removeprefix("npz:"))
    (tmp_path / "half.npz").write_bytes(whole.read_bytes()[:900])
    (tmp_path / "text.npz").write_text("images")
    np.save(tmp_path / "objects.npy", np.array([{}, []], object), allow_pickle=True)
    refused = {
        f"npz:{tmp_path / 'half.npz'}": "is damaged, or not a file of NumPy arrays",
        f"npz:{tmp_path / 'text.npz'}": "is damaged, or not a file of NumPy arrays",
        f"npz:{tmp_path / 'objects.npy'}": "holds pickled objects, which digitforge never loads",
        f"npz:{tmp_path / 'none.npz'}": "cannot be read: no such file or directory",
        saved(tmp_path / "b.npz", labels=LABELS): r"holds no array of images, but labels \(20,\)",
        saved(tmp_path / "c.npz", images=IMAGES, labels=LABELS[:5]): "has 20 images, but labels",
        saved(tmp_path / "d.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS + 1): "contain '5', but",
        saved(tmp_path / "e.npz", x_train=IMAGES, x_test=IMAGES[:, :4, :4]): "another size",
    }
    for dataset, said in refused.items():
        with pytest.raises(DataError, match=said):
            datasets.load(dataset, None)
