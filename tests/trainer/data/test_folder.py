from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from digitforge.errors import ConfigError, DataError
from digitforge.files import LFS_POINTER
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.data.summary import shares, summary

MakePictures = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("cache")


def test_folders_are_classes(pictures: MakePictures) -> None:
    root = pictures(10)
    (root / "a" / ".hidden.png").touch()
    (root / "a" / "notes.txt").touch()
    (root / "empty").mkdir()
    source = datasets.load(f"folder:{root}", None)
    assert source.dataset == f"folder:{root}"
    assert source.images.shape == (10, 1, 32, 32)
    assert source.images[:, 0, 0, 0].tolist() == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert source.labels.tolist() == [0] * 5 + [1] * 5
    assert source.format.classes == ("a", "b")


def test_pictures_beside_class_folders_have_no_label(pictures: MakePictures) -> None:
    root = pictures(4)
    draw(root / "loose.png", 9)
    source, said = load(root)
    assert source.images[:, 0, 0, 0].tolist() == [9, 0, 2, 1, 3]
    assert source.labels.tolist() == [-1, 0, 0, 1, 1]
    assert source.format.classes == ("a", "b")
    assert "1 picture lies beside the class folders: it is trained on without a label." in said
    assert summary(source).startswith("5 grey images, 4x4, 2 classes, 1 without a label")
    assert shares(source) == [("a", 2), ("b", 2)]
    assert source.labelled().labels.tolist() == [0, 0, 1, 1]
    assert load(root, classes="b")[0].labels.tolist() == [0, 0]
    assert datasets.in_order(source, ("b", "a")).labels.tolist() == [-1, 1, 1, 0, 0]


def test_pictures_without_a_label_in_a_test_part(tmp_path: Path) -> None:
    for name in ("train/a/0", "train/b/1", "train/b/2", "test/b/3", "test/4"):
        draw(tmp_path / f"{name}.png", int(name[-1]))
    assert load(tmp_path, "test")[0].labels.tolist() == [-1, 1]


def test_sub_folders_belong_to_their_class(pictures: MakePictures) -> None:
    root = pictures(4)
    (root / "a" / "deeper").mkdir()
    (root / "a" / "0000.png").rename(root / "a" / "deeper" / "0000.png")
    assert datasets.load(f"folder:{root}", None).labels.tolist() == [0, 0, 1, 1]
    (root / "a" / "deeper").rename(root / "a" / ".deeper")
    assert datasets.load(f"folder:{root}", None).labels.tolist() == [0, 1, 1], "hidden folders are passed over"


def test_a_link_to_nowhere_is_one_unreadable_picture(pictures: MakePictures) -> None:
    root = pictures(10)
    (root / "a" / "gone.png").symlink_to("nowhere")
    assert len(datasets.load(f"folder:{root}", None).images) == 10


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_a_pipe_is_not_read(pictures: MakePictures) -> None:
    root = pictures(10)
    os.mkfifo(root / "a" / "pipe.png")
    assert len(datasets.load(f"folder:{root}", None).images) == 10


def test_folders_of_file_servers_are_no_classes_and_hold_no_pictures(pictures: MakePictures) -> None:
    root = pictures(10)
    for folder in ("@eaDir/0000.png", "a/@eaDir/0000.png", "__MACOSX/a", "$RECYCLE.BIN", "lost+found"):
        (root / folder).mkdir(parents=True)
        Image.new("L", (8, 8)).save(root / folder / "thumbnail.png")
    source = datasets.load(f"folder:{root}", None)
    assert (len(source.images), source.format.classes) == (10, ("a", "b"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "pictures.zip").touch()
    with pytest.raises(DataError, match=r"pictures\.zip, but a file: `python -m trainer\.data "):
        datasets.load(f"folder:{tmp_path / 'pictures.zip'}", None)


def test_odd_exif_data_is_not_mentioned(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        for grey in (50, 200):
            picture = Image.new("RGB", (8, 8), (grey, grey, grey))
            picture.save(tmp_path / name / f"{grey}.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert len(datasets.load(f"folder:{tmp_path}", None).images) == 4
    assert [str(each.message) for each in recwarn] == []


def test_a_flat_folder_is_unlabelled(pictures: MakePictures) -> None:
    source = datasets.load(f"folder:{pictures(10) / 'a'}", None, image_size=8)
    assert source.images.shape == (5, 1, 8, 8)
    assert source.format.classes == ()
    assert source.labels.tolist() == [0] * 5
    with pytest.raises(ConfigError, match="have none"):
        datasets.load(f"folder:{source.dataset.removeprefix('folder:')}", None, classes="a")


def test_one_coloured_picture_makes_all_rgb(pictures: MakePictures) -> None:
    root = pictures(200)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(root / "b" / "0151.png")
    source = datasets.load(f"folder:{root}", None, image_size=4)
    assert source.images.shape == (200, 3, 4, 4)
    assert source.images[:100, :, 0, 0].tolist() == [[2 * number] * 3 for number in range(100)]
    assert source.images[175, :, 0, 0].tolist() == [255, 0, 0]
    assert source.images[176, :, 0, 0].tolist() == [153, 153, 153]


def test_a_part_of_a_folder(pictures: MakePictures) -> None:
    root = pictures(20)
    only_b = datasets.load(f"folder:{root}", None, classes="b")
    assert only_b.format.classes == ("b",)
    assert only_b.images[:, 0, 0, 0].tolist() == list(range(1, 20, 2))
    assert only_b.labels.tolist() == [0] * 10
    some = datasets.load(f"folder:{root}", None, limit=7)
    assert some.labels.tolist() == [int(number % 2) for number in some.images[:, 0, 0, 0]]
    assert len(np.unique(some.images[:, 0, 0, 0])) == 7
    with pytest.raises(ConfigError, match="20 images"):
        datasets.load(f"folder:{root}", None, limit=21)


def test_folders_that_cannot_be_used(pictures: MakePictures, tmp_path: Path) -> None:
    def refusal(root: Path) -> str:
        with pytest.raises(DataError) as caught:
            datasets.load(f"folder:{root}", None)
        return str(caught.value)

    assert "There is no folder" in refusal(tmp_path / "missing")
    (tmp_path / "void" / "a").mkdir(parents=True)
    assert "holds no pictures" in refusal(tmp_path / "void")
    root = pictures(4)
    assert "There is no folder" in refusal(root / "a" / "0000.png")
    for path in (root / "b").iterdir():
        path.unlink()
    assert f"only one class folder, a: add another, or train without classes on --dataset folder:{root / 'a'}" in (
        refusal(root)
    )


def draw(path: Path, value: int = 0) -> None:
    """A grey picture of this brightness."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), value).save(path)


def load(root: Path, split: str = "train", classes: str = "") -> tuple[Source, str]:
    """The folder's images, and what was said."""
    said = io.StringIO()
    console = Console(file=said, width=1000)
    return datasets.load(f"folder:{root}", None, split, image_size=4, classes=classes, console=console), said.getvalue()


@pytest.mark.parametrize(
    ("training", "testing"),
    [
        ("training", "testing"),
        ("Train", "TEST"),
        ("train", "val"),
        ("train", "valid"),
        ("trainingSet", "testSet/testSet"),
    ],
)
def test_a_folder_with_parts_keeps_its_test_part_for_scores(tmp_path: Path, training: str, testing: str) -> None:
    for number in range(3):
        draw(tmp_path / training / str(number) / "a.png", number)
        draw(tmp_path / training / str(number) / "b.png", 10 + number)
        draw(tmp_path / testing / str(number) / "c.png", 20 + number)
    source, said = load(tmp_path)
    assert source.format.classes == ("0", "1", "2")
    assert source.images[:, 0, 0, 0].tolist() == [0, 10, 1, 11, 2, 12]
    assert f"the pictures in {tmp_path / training} are trained on. Scores compare with those in" in said.replace(
        "\n", " "
    )
    test, _ = load(tmp_path, "test")
    assert test.images[:, 0, 0, 0].tolist() == [20, 21, 22]
    assert test.labels.tolist() == [0, 1, 2]
    assert load(tmp_path, "test", "1,2")[0].images[:, 0, 0, 0].tolist() == [21, 22]


def test_a_test_part_comes_before_a_validation_part_which_is_not_used(tmp_path: Path) -> None:
    for value, part in enumerate(("train", "val", "test")):
        draw(tmp_path / part / "a.png", value)
        draw(tmp_path / part / "b.png", 10 + value)
    source, said = load(tmp_path)
    assert source.format.classes == ()
    assert f"Those in {tmp_path / 'val'} are not used." in said
    assert load(tmp_path, "test")[0].images[:, 0, 0, 0].tolist() == [2, 12]


@pytest.mark.parametrize("inside", ["train", "data", "data/Training", "mnist_png/training"])
def test_class_folders_that_lie_too_deep_are_found(tmp_path: Path, inside: str) -> None:
    draw(tmp_path / inside / "0" / "a.png", 5)
    draw(tmp_path / inside / "1" / "a.png", 6)
    (tmp_path / "__MACOSX").mkdir()
    source, said = load(tmp_path)
    assert source.format.classes == ("0", "1")
    assert f"The pictures are taken from {tmp_path / inside}." in said
    assert load(tmp_path, "test")[0].sha256 == source.sha256


def test_parts_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    def refusal() -> str:
        with pytest.raises(DataError) as caught:
            load(tmp_path)
        return str(caught.value)

    for part in ("train", "test", "trainingSample"):
        draw(tmp_path / part / "0" / "a.png", 5)
        draw(tmp_path / part / "1" / "a.png", 6)
    assert "a part to train on, train, beside other folders" in refusal()
    (tmp_path / "trainingSample").rename(tmp_path / ".sample")
    draw(tmp_path / "test" / "2" / "a.png")
    assert "holds the class 2" in refusal()


def test_parts_inside_the_classes_are_refused(tmp_path: Path) -> None:
    for number in range(2):
        for part in ("train", "test"):
            draw(tmp_path / str(number) / part / "a.png", number)
    with pytest.raises(DataError, match=r"0/test: put the classes into the parts, as in test/0"):
        load(tmp_path)


def test_a_test_part_without_classes_is_not_used(tmp_path: Path) -> None:
    draw(tmp_path / "train" / "cat" / "a.png", 1)
    draw(tmp_path / "train" / "dog" / "a.png", 2)
    draw(tmp_path / "test" / "a.png", 3)
    source, said = load(tmp_path)
    assert "have no classes and are not used" in said
    assert load(tmp_path, "test")[0].sha256 == source.sha256


def test_test_pictures_are_converted_like_training_pictures(tmp_path: Path) -> None:
    for number in range(2):
        draw(tmp_path / "train" / str(number) / "a.png", 100 * number)
    (tmp_path / "test" / "0").mkdir(parents=True)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "test" / "0" / "red.png")
    assert load(tmp_path, "test")[0].images[0, :, 0, 0].tolist() == [76]
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "train" / "0" / "red.png")
    draw(tmp_path / "test" / "0" / "red.png", 7)
    assert load(tmp_path, "test")[0].images[0, :, 0, 0].tolist() == [7, 7, 7]


def test_classes_are_in_natural_order(tmp_path: Path) -> None:
    for number in (1, 2, 10, 11):
        draw(tmp_path / f"class {number}" / "a.png", number)
    source, _ = load(tmp_path)
    assert source.format.classes == ("class 1", "class 2", "class 10", "class 11")
    assert source.images[:, 0, 0, 0].tolist() == [1, 2, 10, 11]


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    for name in ("a.jfif", "b.pgm", "c.tga", "d.jp2", "e.ppm"):
        path = tmp_path / name[0] / name
        path.parent.mkdir()
        Image.new("L", (8, 8), ord(name[0])).save(path)
    for name in ("x.heic", "y.HEIC", "notes.txt", ".hidden"):
        (tmp_path / "a" / name).touch()
    source, said = load(tmp_path)
    assert len(source.images) == 5
    assert f"Passed over 2 .heic and 1 .txt files in {tmp_path}: not pictures" in said


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.heic").touch()
    with pytest.raises(DataError, match=r"holds no pictures but 1 \.heic file: convert"):
        load(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").touch()
    with pytest.raises(DataError, match=f"--dataset mnist --data-dir {tmp_path}"):
        load(tmp_path)


def test_a_class_whose_name_is_not_text_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "a" / "a.png", 1)
    try:
        draw(tmp_path / os.fsdecode(b"\xfcber") / "b.png", 2)
    except OSError:
        pytest.skip("the file system allows only UTF-8 names")
    with pytest.raises(DataError, match="not valid UTF-8"):
        load(tmp_path)
    with pytest.raises(DataError, match=r"path of the folder .* is not valid UTF-8"):
        load(tmp_path / os.fsdecode(b"\xfcber"))


def test_pointers_of_git_lfs_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(LFS_POINTER + b"v1\noid sha256:4d7a\nsize 900\n")
    with pytest.raises(DataError, match=r"a\.png \(a pointer of Git LFS: run git lfs pull\)\."):
        load(tmp_path)


def test_a_home_folder_that_cannot_be_found_is_named() -> None:
    with pytest.raises(DataError, match="There is no folder ~nobody-of-this-name/pictures"):
        datasets.load("folder:~nobody-of-this-name/pictures", None)


def test_a_link_back_to_the_folder_is_no_class(tmp_path: Path) -> None:
    draw(tmp_path / "a" / "a.png", 1)
    draw(tmp_path / "b" / "a.png", 2)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert load(tmp_path)[0].format.classes == ("a", "b")


def test_pictures_that_are_all_the_same_are_refused(tmp_path: Path) -> None:
    for number in range(4):
        draw(tmp_path / "ab"[number % 2] / f"{number}.png", 7)
    with pytest.raises(DataError, match=r"All 4 images of .* are the same: every pixel is 7 of 255"):
        load(tmp_path)


def test_masks_of_zeros_and_ones_are_named(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 0)
    draw(tmp_path / "b.png", 1)
    assert "nearly black: their brightest pixel is 1 of 255" in load(tmp_path)[1]


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0), (120, 0)])
def test_transparent_pictures_lie_on_a_ground_that_shows_them(tmp_path: Path, ink: int, ground: int) -> None:
    for number in range(4):
        picture = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
        picture.putpixel((number, 0), (ink, ink, ink, 255))
        picture.save(tmp_path / f"{number}.png")
    source, said = load(tmp_path)
    assert source.images[0, 0, 0].tolist() == [ink, ground, ground, ground]
    assert ("are dark on transparent: they are laid on white" in said) == (ground == 255)


def test_values_of_ten_or_twelve_bits_are_scaled_by_their_maximum(tmp_path: Path) -> None:
    for name, values in (("train/a.png", [0, 2000]), ("train/b.tif", [4000, 1000]), ("test/c.png", [1000, 5000])):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.tile(np.array(values, np.uint16).repeat(2), (4, 1))).save(tmp_path / name)
    source, said = load(tmp_path)
    assert "use the values 0 to 4,000" in said
    assert source.images[:, 0, 0, ::3].tolist() == [[0, 128], [255, 64]]
    assert load(tmp_path, "test")[0].images[:, 0, 0, ::3].tolist() == [[64, 255]]


def test_negative_values_are_kept_apart(tmp_path: Path) -> None:
    for name, values in (("a.tif", [-1000, 0]), ("b.tif", [3000, 1000])):
        Image.fromarray(np.tile(np.array(values, np.int32).repeat(2), (4, 1))).save(tmp_path / name)
    source, said = load(tmp_path)
    assert "use the values -1,000 to 3,000" in said
    assert source.images[:, 0, 0, ::3].tolist() == [[0, 64], [255, 128]]


@pytest.mark.parametrize("quality", [30, 90])
def test_grey_within_the_noise_of_compression_is_grey(tmp_path: Path, quality: int) -> None:
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (16, 16)).astype(np.uint8)
        Image.fromarray(noise).convert("RGB").save(tmp_path / f"{number}.webp", quality=quality)
    assert load(tmp_path)[0].format.channels == 1


def test_classes_may_be_put_in_another_order(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        draw(tmp_path / str(number) / "a.png", number)
    source, _ = load(tmp_path)
    older = datasets.in_order(source, ("1", "10", "2"))
    assert [older.format.classes[label] for label in older.labels] == ["1", "2", "10"]
    assert older.sha256 != source.sha256
    assert datasets.in_order(source, ()) is datasets.in_order(source, ("1", "3", "2")) is source
