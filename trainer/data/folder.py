"""A folder of pictures: one subfolder for each class, pictures without a class, or both; with a test part, or without.

Pictures beside class folders are taken to be unlabelled.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

import numpy as np
from rich.console import Console

from digitforge.errors import DataError
from digitforge.files import is_text
from trainer.data import decode, decoded, subset
from trainer.data.natural import natural

PARTS = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip
"""What a folder of this name holds; see `part_of`."""


SYSTEM_FOLDERS = {
    "@eadir", "#recycle", "#snapshot", "@recycle", "$recycle.bin", "__macosx", "lost+found",
    "system volume information",
}  # fmt: skip
"""Folders of file servers and operating systems, in lower case. Some hold thumbnails of the pictures beside them."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of one part, and what else its folder holds."""

    names: list[str]
    """Paths relative to the root: those without a class, then class by class."""
    labels: list[int]
    """-1 for a picture beside the class folders, which has none."""
    classes: tuple[str, ...]
    passed_over: Counter[str] = field(default_factory=Counter)
    """Number of files that are no pictures, by their ending."""


def load(
    root: Path, split: str, classes: str, limit: int, wanted: decode.Conversion, console: Console | None
) -> decoded.Store:
    """Load the pictures below `root`; see `subset.choose` for classes and limit.

    split: "train" or "test"; without a test part, both are all pictures.
    Raises DataError if the folder cannot be used or too many pictures are unreadable, ConfigError as `choose` does.
    """
    try:
        training, test, said = _find(root)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read ({(error.strerror or str(error)).lower()}).") from error
    for sentence in said:
        decoded.say(console, sentence)
    if training.passed_over:
        decoded.say(console, f"Passed over {_listed(training.passed_over)} in {root}: not pictures that can be read.")
    if unlabelled := training.labels.count(-1):
        which = "1 picture lies" if unlabelled == 1 else f"{unlabelled:,} pictures lie"
        them = "it is" if unlabelled == 1 else "they are"
        decoded.say(console, f"{which} beside the class folders: {them} trained on without a label.")
    return open_part(root, training, test if split == "test" else None, classes, limit, wanted, console)


def open_part(
    root: Path,
    training: Pictures,
    test: Pictures | None,
    classes: str,
    limit: int,
    wanted: decode.Conversion,
    console: Console | None,
) -> decoded.Store:
    """Open the store of the test pictures, or, if there are none, of the training pictures. Raises as `load` does."""
    if test is None:
        return _open(root, training, training, classes, limit, wanted, console)
    # The test pictures are converted like the training pictures.
    channels = _open(root, training, training, classes, 0, wanted, None).images.shape[1]
    return _open(root, test, training, classes, limit, wanted, console, channels)


def _open(
    root: Path,
    pictures: Pictures,
    training: Pictures,
    classes: str,
    limit: int,
    wanted: decode.Conversion,
    console: Console | None,
    channels: int | None = None,
) -> decoded.Store:
    # Chosen before decoding, so that the store holds no more than the run trains on.
    chosen, names, labels = subset.choose(np.array(pictures.labels, np.int64), pictures.classes, classes, limit)
    kept = [pictures.names[index] for index in chosen]
    return decoded.open_store(root, kept, labels, names, wanted, console, training.names, channels)


def _find(root: Path) -> tuple[Pictures, Pictures | None, list[str]]:
    """Return the pictures to train on, those to compare with, if any, and sentences about the choice."""
    if not is_text(root):
        raise DataError(f"The path of the folder {str(root)!r} is not valid UTF-8: rename it.")
    if root.is_file():
        raise DataError(
            f"There is no folder {root}, but a file: `python -m trainer.data {quote(str(root))}` says what it holds."
        )
    if not root.is_dir():
        raise DataError(f"There is no folder {root}: pass one that holds pictures, as in --dataset folder:PATH.")
    top = _unwrap(root)
    parts = _parts(top)
    if not parts:
        said = [f"The pictures are taken from {top}."] if top != root else []
        return _pictures(top, root), None, said
    training = _pictures(_unwrap(parts["train"]), root)
    said = [f"{root} is divided into parts: the pictures in {parts['train']} are trained on."]
    part = parts.get("test", parts.get("validation"))
    if part is None:
        return training, None, said
    test = _pictures(_unwrap(part), root, least_classes=1)
    if training.classes and not test.classes:
        return training, None, [*said, f"Those in {part} have no classes and are not used."]
    if unknown := [name for name in test.classes if training.classes and name not in training.classes]:
        raise DataError(
            f"{part} holds the class {unknown[0]}, but {parts['train']} does not: both need the same classes."
        )
    said.append(f"Scores compare with those in {part}.")
    if "test" in parts and "validation" in parts:
        said.append(f"Those in {parts['validation']} are not used.")
    numbers = [training.classes.index(name) if training.classes else 0 for name in test.classes]
    numbers = [-1 if label < 0 else numbers[label] if numbers else 0 for label in test.labels]
    return training, Pictures(test.names, numbers, training.classes), said


def _unwrap(folder: Path) -> Path:
    """Return the folder itself, or the one inside it that holds the class folders if it holds nothing else."""
    while not _loose(folder):
        inside = _filled(folder)
        if len(inside) != 1:
            break
        (only,) = inside
        if _loose(only) and not part_of(only.name):
            break  # a single class
        folder = only
    return folder


def _parts(folder: Path) -> dict[str, Path]:
    """Return the parts "train", "test" and "validation" that `folder` is divided into; empty if it is not."""
    inside = _filled(folder)
    named = [(part, path) for path in inside if (part := part_of(path.name))]
    parts = dict(named)
    if "train" not in parts or len(named) < 2:
        return {}
    if len(parts) < len(inside) or _loose(folder):
        raise DataError(
            f"{folder} holds a part to train on, {parts['train'].name}, beside other folders or pictures: keep one "
            f"folder each to train on, to test with and to validate with, or use --dataset folder:{parts['train']}."
        )
    return parts


def part_of(name: str) -> str:
    """Return the part of a data set that a folder of this name holds, such as "train" for "trainingSet", else ""."""
    letters = re.sub(r"[\W\d_]", "", name.casefold())
    return PARTS.get(letters, "") or PARTS.get(re.sub(r"(set|data|images)$", "", letters), "")


def _pictures(folder: Path, root: Path, least_classes: int = 2) -> Pictures:
    """Return the pictures in `folder`, with the names of classes in natural order. Raises DataError if it is unusable.

    The pictures of a class are sorted by their paths.
    """
    passed_over: Counter[str] = Counter()
    loose = sorted(_loose(folder))
    passed_over.update(_ending(entry.name) for entry in folder.iterdir() if entry.is_file() and _is_other(entry.name))
    found: dict[str, list[str]] = {}
    for inside in sorted(_subfolders(folder), key=lambda path: natural(path.name)):
        files = list(_files_below(inside))
        passed_over.update(_ending(path.name) for path in files if _is_other(path.name))
        if pictures := sorted(path.relative_to(root).as_posix() for path in files if _is_picture(path.name)):
            found[inside.name] = pictures
    classes = list(found)
    if not loose and not classes:
        others = f" but {_listed(passed_over)}" if passed_over else ""
        advice = "convert them to PNG or JPEG, and put them" if passed_over else "put PNG or JPEG files, for example,"
        if any("idx" in path.name for path in folder.iterdir()):
            advice = f"for the files of MNIST use --dataset mnist --data-dir {folder}; otherwise {advice}"
        raise DataError(f"{folder} holds no pictures{others}: {advice} into class folders.")
    if 0 < len(classes) < least_classes:
        raise DataError(
            f"{folder} holds only one class folder, {classes[0]}: add another, "
            f"or train without classes on --dataset folder:{folder / classes[0]}."
        )
    for name in classes:
        if not is_text(Path(name)):
            raise DataError(f"The class folder {name!r} in {folder} has a name that is not valid UTF-8: rename it.")
    within = [{part.name for part in _filled(folder / name)} for name in classes]
    if within and all(parts and all(map(part_of, parts)) for parts in within):
        part = min(within[0])
        raise DataError(
            f"{folder} holds parts of a data set inside each class, such as {classes[0]}/{part}: put the classes into "
            f"the parts, as in {part}/{classes[0]}."
        )
    labels = [-1 if classes else 0] * len(loose) + [label for label, name in enumerate(classes) for _ in found[name]]
    names = [path.relative_to(root).as_posix() for path in loose] + [name for each in found.values() for name in each]
    return Pictures(names, labels, tuple(classes), passed_over)


def _loose(folder: Path) -> list[Path]:
    """Return the pictures directly in `folder`."""
    return [entry for entry in folder.iterdir() if _is_picture(entry.name) and entry.is_file()]


def _subfolders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, without hidden ones and links that lead back to it or out of it upwards."""
    whole = folder.resolve()
    return [
        entry
        for entry in folder.iterdir()
        if entry.is_dir()
        and not _is_passed_over(entry.name)
        and not (entry.is_symlink() and entry.resolve() in (whole, *whole.parents))
    ]


def _filled(folder: Path) -> list[Path]:
    """Return the folders in `folder` that hold pictures, at any depth."""
    return sorted(
        inside for inside in _subfolders(folder) if any(_is_picture(path.name) for path in _files_below(inside))
    )


def _files_below(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not _is_passed_over(name)]
        yield from (path for name in names if not _is_special(path := Path(parent) / name))


def _is_passed_over(name: str) -> bool:
    """Whether a folder of this name is hidden, or was made by a file server or an operating system."""
    return name.startswith(".") or name.casefold() in SYSTEM_FOLDERS


def _is_special(path: Path) -> bool:
    """Whether this is a pipe, a socket or a device, where reading may never end. A link to nothing is not."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and _suffix(name) in decode.suffixes()


def _is_other(name: str) -> bool:
    return not name.startswith(".") and _suffix(name) not in decode.suffixes()


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _ending(name: str) -> str:
    return _suffix(name) or "no ending"


def _listed(endings: Counter[str]) -> str:
    """Return numbers and endings as text, as in "100 .heic and 2 .txt files"."""
    counted = [f"{count:,} {ending}" for ending, count in endings.most_common(5)]
    if len(endings) > 5:
        counted.append("others")
    text = f"{', '.join(counted[:-1])} and {counted[-1]}" if len(counted) > 1 else counted[0]
    return f"{text} file{'' if sum(endings.values()) == 1 else 's'}"
