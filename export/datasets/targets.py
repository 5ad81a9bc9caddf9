"""Pictures to be found again: one picture, a folder of pictures, or the images of a NumPy archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from digitforge.errors import PictureError, explain_read
from export.contract import PIXELS, GeneratorInfo
from export.datasets.latents_file import arrays_of
from export.inversion.pictures import FORMATS, SUFFIXES
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.pixels import from_pixels


@dataclass(frozen=True)
class Targets:
    """Pictures in the size of a generator."""

    names: tuple[str, ...]
    """A name for each picture; empty for the images of an archive."""
    count: int
    sha256: str
    """Hash of all pictures."""
    labels: Int64 | None
    """[count]: the classes, where the archive has them for this generator."""
    pixels: Callable[[int, int], UInt8]
    """Return the pictures from one number to another: uint8 [n, H, W] (grey) or [n, H, W, 3]."""

    def read(self, start: int, stop: int) -> Float32:
        """Return the pictures `start` to `stop - 1`, float32 [n, C, H, W] in [-1, 1]."""
        levels = from_pixels(self.pixels(start, stop))
        return levels[:, None] if levels.ndim == 3 else np.ascontiguousarray(levels.transpose(0, 3, 1, 2))


def open_targets(source: Path, info: GeneratorInfo) -> Targets:
    """Return the pictures at `source`, which must have the size of the generator's images.

    Raises PictureError if there are none, or one does not fit, and ExportError for an archive that cannot be read.
    """
    if source.suffix == ".npz" and not source.is_dir():
        return _from_archive(source, info)
    files = [source]
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not files:
            raise PictureError(f"{source} holds no pictures ({', '.join(SUFFIXES)}).")
    digest = sha256()
    for path in files:
        try:
            digest.update(sha256(path.read_bytes()).digest())
        except OSError as error:
            raise PictureError(f"{path} cannot be read: {explain_read(error)}") from error

    def pixels(start: int, stop: int) -> UInt8:
        return np.stack([_picture(path, info) for path in files[start:stop]])

    names = tuple(str(path.relative_to(source)) if source.is_dir() else path.name for path in files)
    return Targets(names, len(files), digest.hexdigest(), None, pixels)


def targets_of(pixels: UInt8, info: GeneratorInfo) -> Targets:
    """Return images in memory: uint8 [n, H, W] or one [H, W] (grey), [n, H, W, 3] or one [H, W, 3].

    Raises PictureError if they have another type or another size than the generator's images, or there are none.
    """
    shape = tuple(int(side) for side in info.outputs()[PIXELS][1:])
    images = pixels[None] if pixels.ndim == len(shape) else pixels
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        wanted = ", ".join(map(str, shape))
        raise PictureError(
            f"Pictures for this generator are uint8 [n, {wanted}] or [{wanted}], not {pixels.dtype} "
            f"{list(pixels.shape)}."
        )
    digest = sha256(np.ascontiguousarray(images).tobytes())
    return Targets((), len(images), digest.hexdigest(), None, lambda start, stop: images[start:stop])


def _from_archive(source: Path, info: GeneratorInfo) -> Targets:
    arrays = arrays_of(source)
    shape = tuple(int(side) for side in info.outputs()[PIXELS][1:])
    images = arrays.get("images")
    if images is None or images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        wanted = ", ".join(map(str, shape))
        raise PictureError(
            f"{source} holds no pictures of this generator's size: it needs `images` uint8 [n, {wanted}]."
        )
    labels = arrays.get("labels")
    if labels is not None:
        integers = labels.dtype.kind in "iu" and labels.shape == (len(images),)
        usable = integers and info.conditional and labels.min() >= -1 and labels.max() < len(info.classes)
        labels = labels.astype(np.int64) if usable else None
    digest = sha256(np.ascontiguousarray(images).tobytes())
    if labels is not None:
        digest.update(labels.tobytes())
    return Targets((), len(images), digest.hexdigest(), labels, lambda start, stop: images[start:stop])


def _picture(path: Path, info: GeneratorInfo) -> UInt8:
    try:
        with Image.open(path, formats=FORMATS) as image:
            if getattr(image, "is_animated", False):
                raise PictureError(f"{path} is animated: save one of its pictures as a file.")
            if image.size != (info.width, info.height):
                raise PictureError(
                    f"{path} is {image.width} x {image.height} pixels, and this generator makes {info.width} x "
                    f"{info.height}: reduce it first. The window does that with drawings and photographs."
                )
            return np.array(image.convert("L" if info.channels == 1 else "RGB"))
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"There is no file {path}.") from None
    except UnidentifiedImageError as error:
        raise PictureError(f"{path} is not a picture in a format that is read: {', '.join(FORMATS)}.") from error
    except Exception as error:  # Pillow's decoders raise almost anything for a damaged file
        raise PictureError(f"{path} is damaged: it cannot be decoded.") from error
