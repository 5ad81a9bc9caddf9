from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.latents import latents
from export.runtime import open_generator
from export.sample import main


def arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as data:
        return data["images"], data["labels"]


def test_npz_holds_labelled_images_and_repeats_to_the_byte(models: dict[str, Path], tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    for out in (first, second):
        assert main([str(models["digits"]), "--count", "515", "--out", str(out)]) == 0
    assert first.read_bytes() == second.read_bytes()
    images, labels = arrays(first)
    assert images.shape == (515, 12, 12)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [52] * 5 + [51] * 5


def test_images_are_those_of_the_seed_and_the_label(models: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    main(
        [
            str(models["digits"]),
            "--count",
            "300",
            "--out",
            str(out),
            "--digit",
            "7",
            "--seed",
            "5",
            "--truncation",
            ".5",
        ]
    )
    images, labels = arrays(out)
    assert set(labels.tolist()) == {7}
    generator = open_generator(models["digits"])
    z = latents(generator.info, 5, 290, 1) * np.float32(0.5)
    expected = generator.generate_pixels(z, np.eye(10, dtype=np.float32)[[7]])[0]
    np.testing.assert_array_equal(images[290], expected)


def test_a_longer_request_begins_with_the_shorter_one(models: dict[str, Path], tmp_path: Path) -> None:
    for count in ("100", "600"):
        main([str(models["digits"]), "--count", count, "--out", str(tmp_path / f"{count}.npz")])
    np.testing.assert_array_equal(arrays(tmp_path / "100.npz")[0], arrays(tmp_path / "600.npz")[0][:100])


def test_latents_do_not_depend_on_how_they_are_cut(models: dict[str, Path]) -> None:
    for name, spread in (("digits", 1.0), ("free", 3**-0.5)):
        info = open_generator(models[name]).info
        whole = latents(info, 3, 0, 2000)
        np.testing.assert_array_equal(latents(info, 3, 250, 300), whole[250:550])
        assert whole.mean() == pytest.approx(0, abs=0.05)
        assert whole.std() == pytest.approx(spread, rel=0.05)
    assert np.abs(whole).max() <= 1, "uniform latents stay within -1 and 1"
    assert not np.array_equal(latents(info, 4, 0, 5), whole[:5])


def test_unconditional_and_colour(models: dict[str, Path], tmp_path: Path) -> None:
    main([str(models["free"]), "--count", "4", "--out", str(tmp_path / "free.npz")])
    assert arrays(tmp_path / "free.npz")[1].tolist() == [-1] * 4
    main([str(models["colour"]), "--count", "4", "--out", str(tmp_path / "colour.npz")])
    assert arrays(tmp_path / "colour.npz")[0].shape == (4, 12, 12, 3)


def test_folders_hold_the_same_images_by_class(models: dict[str, Path], tmp_path: Path) -> None:
    main([str(models["digits"]), "--count", "25", "--out", str(tmp_path / "a.npz")])
    assert main([str(models["digits"]), "--count", "25", "--out", str(tmp_path / "set")]) == 0
    images, labels = arrays(tmp_path / "a.npz")
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        np.testing.assert_array_equal(
            np.asarray(Image.open(tmp_path / "set" / str(label) / f"{number:07d}.png")), image
        )
    assert main([str(models["digits"]), "--count", "25", "--out", str(tmp_path / "set")]) == 2, "nothing is overwritten"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--count", "0"], "between 1 and"),
        (["--count", "5", "--seed", "-1"], "not be negative"),
        (["--count", "5", "--truncation", "9"], "between 0 and 2"),
        (["--count", "5", "--digit", "ten"], "no class 'ten'"),
    ],
)
def test_bad_requests_get_a_sentence_and_write_nothing(
    models: dict[str, Path], tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "a.npz"
    assert main([str(models["digits"]), *arguments, "--out", str(out)]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists()


def test_a_digit_of_an_unconditional_generator_is_refused(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(models["free"]), "--count", "5", "--digit", "3", "--out", str(tmp_path / "a.npz")]) == 2
    assert "unconditional" in capsys.readouterr().err
