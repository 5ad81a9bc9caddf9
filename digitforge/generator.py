"""Generators for use from Python: `digitforge.open`. numpy and onnxruntime are loaded when a generator is opened."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from digitforge.bundled import BUNDLED_MODEL, BUNDLED_MODELS
from digitforge.errors import ExportError, explain

if TYPE_CHECKING:
    from export.contract import GeneratorInfo
    from export.inversion.batch import Found
    from export.inversion.starts import Pool
    from export.runtime.arrays import Float32, UInt8
    from export.runtime.generator import Generator as RuntimeGenerator
    from export.runtime.predict import Classifier

Provider = Literal["auto", "cpu", "cuda"]
Digit = int | str
"""A class, by its name, or by a number: the class with that number as its name or, if no class has a number as its
name, the class at that position, from 0."""


def open(path: str | os.PathLike[str] | None = None, provider: Provider = "auto") -> Generator:  # noqa: A001
    """Check the generator at `path` and open it.

    path: an ONNX file, a run directory with an exported generator, the name of a bundled generator such as
    "digits.onnx" (if the current folder has no file of that name), or None for the bundled generator.
    provider: "cpu", "cuda" (an error if CUDA cannot run), or "auto" for CUDA if it runs and the CPU if not.
    Raises ModelRefused if the file is damaged, unsafe or not a generator, and ExportError for every other reason why it
    cannot be opened.
    """
    try:
        from export.runtime.generator import find_model, open_generator
    except ImportError as error:
        raise ExportError(
            f'onnxruntime cannot be imported ({error}): run `pip install "digitforge[cpu]"`, or ask '
            "`python -m export.doctor` what is wrong."
        ) from error
    if provider not in get_args(Provider):
        raise ExportError(f"There is no provider {provider!r}: choose from {', '.join(get_args(Provider))}.")
    file = BUNDLED_MODEL if path is None else Path(path)
    bundled = BUNDLED_MODELS / file.name
    try:
        if not file.exists() and file == Path(file.name) and bundled.is_file():
            file = bundled
        return Generator(open_generator(find_model(file), provider))
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {explain(error)}") from error


class Generator:
    """An open generator. Create it with `digitforge.open`; use it from one thread at a time."""

    def __init__(self, opened: RuntimeGenerator) -> None:
        self._opened = opened
        self._finder: tuple[Pool, Classifier | None] | None = None

    def __repr__(self) -> str:
        info = self.info
        return (
            f"<digitforge.Generator {self.path.name}: {info.width}x{info.height}x{info.channels}, "
            f"{len(info.classes)} classes, {self.provider}>"
        )

    @property
    def info(self) -> GeneratorInfo:
        """Latent size, class names, image size and where the generator comes from; see `export.contract`."""
        return self._opened.info

    @property
    def path(self) -> Path:
        """The file that was opened."""
        return self._opened.path

    @property
    def provider(self) -> str:
        """The onnxruntime provider that runs the generator, for example "CPUExecutionProvider"."""
        return self._opened.provider

    @property
    def notice(self) -> str:
        """What had to be assumed about the file and why CUDA does not run it; empty if there is nothing to say."""
        return self._opened.notice

    def sample(
        self, count: int, digits: Digit | Iterable[Digit] | None = None, seed: int = 0, truncation: float = 1.0
    ) -> UInt8:
        """Generate images, uint8 [count, H, W] (grey) or [count, H, W, 3] (RGB).

        Image i depends on `seed` and i alone. The images are those of `python -m export.sample` with the same options.

        count: 1 to 100,000,000. digits: the class of all images, or several classes that take turns; None for all.
        seed: not negative. truncation: factor for the latents, 0 to 2; less than 1 gives more typical, less varied
        images. Raises ExportError if a value is out of range, the generator has no such class, or the images do not
        fit into memory, and TypeError if a value is not a number.
        """
        import numpy as np

        from export.contract import PIXELS
        from export.datasets.sampling import SampleRequest, sample_images

        request = SampleRequest(
            _integer("count", count), _integer("seed", seed), self._classes(digits), _number("truncation", truncation)
        )
        try:
            images = np.empty((request.count, *map(int, self.info.outputs()[PIXELS][1:])), np.uint8)
        except MemoryError:
            raise ExportError(
                f"There is not enough memory for {request.count:,} images: generate fewer, or write them to files with "
                "`python -m export.sample`."
            ) from None
        done = 0
        for pixels, _ in sample_images(self._opened, request, 0, request.count):
            images[done : done + len(pixels)] = pixels
            done += len(pixels)
        return images

    def latents(self, count: int, seed: int = 0) -> Float32:
        """Return the latents of the first `count` images of a seed, float32 [count, latent].

        Raises ExportError if a value is out of range, and TypeError if it is not an integer.
        """
        from export.datasets.sampling import SampleRequest
        from export.runtime.latents import latents

        request = SampleRequest(_integer("count", count), _integer("seed", seed))
        return latents(self.info, request.seed, 0, request.count)

    def generate(self, latents: Float32, weights: Float32 | None = None) -> UInt8:
        """Generate the images of given latents, uint8 [n, H, W] (grey) or [n, H, W, 3] (RGB).

        latents: float [n, latent]. weights: float [n, classes], the share of each class, for a generator with classes:
        1 for the class to show and 0 for the others, or a mixture. `latents` and `invert` return such arrays.
        Raises ExportError if an array has another shape, or a value is not finite.
        """
        z = _finite("Latents", latents, self.info.latent_size)
        y = _finite("Class weights", weights, len(self.info.classes), len(z)) if self.info.conditional else None
        return self._opened.generate_pixels(z, y)

    def invert(self, pictures: str | os.PathLike[str] | UInt8, digit: Digit | None = None) -> Found:
        """Find the latents whose images are nearest to given pictures. It takes some tenths of a second for each.

        The result has `latents` float32 [n, latent], `weights` float32 [n, classes] (None without classes), `labels`
        int64 [n], and `rms` [n]: the root mean squared error, in units of [-1, 1].

        pictures: images as `sample` returns them, or one of them; or what `python -m export.invert` takes: the path of
        a picture, of a folder of pictures, or of a .npz file. digit: the class of all pictures; None for the labels of
        the file, or else the class that is found. Raises ExportError if a picture cannot be read or does not have the
        size of the generator's images, there is no such class, or the latents have more than 512 numbers.
        """
        import numpy as np

        from export.datasets.inverting import InvertRequest
        from export.datasets.targets import open_targets, targets_of
        from export.inversion.batch import invert
        from export.inversion.live import usable_classifier
        from export.inversion.starts import Pool

        label = -1 if digit is None else self._classes([digit])[0]
        path = isinstance(pictures, str | os.PathLike)
        targets = open_targets(Path(pictures), self.info) if path else targets_of(np.asarray(pictures), self.info)  # type: ignore[arg-type]
        if self._finder is None:
            pool = Pool.draw(self.info, self._opened.generate)
            self._finder = pool, usable_classifier(pool)
        pool, classifier = self._finder
        return invert(
            pool, self._opened.generate, targets.read(0, targets.count),
            labels=InvertRequest(targets, label).labels(0, targets.count), classifier=classifier,
        )  # fmt: skip

    def interpolate(
        self,
        first: int | Float32,
        second: int | Float32,
        steps: int = 10,
        digit: Digit | None = None,
        to_digit: Digit | None = None,
        truncation: float = 1.0,
    ) -> UInt8:
        """Generate `steps` images on the way from one latent to another, uint8 [steps, H, W] or [steps, H, W, 3].

        Normal latents are interpolated along a great circle (slerp), uniform latents linearly. The first and the last
        image show the two ends.

        first, second: seeds, which stand for the latent of their first image, or latents, float32 [latent].
        steps: 2 or more. digit: the class to show; None for the first one. to_digit: the class to end with; None for
        `digit` throughout. truncation: factor for the latents, 0 to 2.
        Raises ExportError if a value is out of range or the generator has no such class, and TypeError if a value is
        not a number.
        """
        import numpy as np

        from export.datasets.sampling import MOST_IMAGES, check_truncation
        from export.runtime.interpolation import between, lerp
        from export.runtime.latents import one_hot

        steps = _integer("steps", steps)
        if not 2 <= steps <= MOST_IMAGES:
            raise ExportError(f"An interpolation needs at least 2 steps and at most {MOST_IMAGES:,}, not {steps}.")
        check_truncation(_number("truncation", truncation))
        a, b = self._latent(first), self._latent(second)
        way = np.linspace(0, 1, steps)
        z = np.concatenate([between(self.info, a, b, t) for t in way]) * np.float32(truncation)
        (first_label,) = (0,) if digit is None else self._classes([digit])
        (last_label,) = (first_label,) if to_digit is None else self._classes([to_digit])
        y = None
        if self.info.conditional:
            start, end = one_hot([first_label, last_label], len(self.info.classes))
            y = np.stack([lerp(start, end, t) for t in way])
        return self._opened.generate_pixels(z, y)

    def _latent(self, value: int | Float32) -> Float32:
        """Return a seed's first latent, or the latent itself, float32 [1, latent]."""
        import numpy as np

        size = self.info.latent_size
        wrong = ExportError(f"A latent of this generator has {size} finite numbers.")
        try:
            latent = np.asarray(value)
        except ValueError:  # nested sequences of different lengths
            raise wrong from None
        if latent.ndim == 0:
            return self.latents(1, _integer("A seed", value))
        if latent.dtype.kind not in "biuf" or latent.shape not in ((size,), (1, size)):
            raise wrong
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            latent = latent.astype(np.float32).reshape(1, -1)
        if not np.isfinite(latent).all():
            raise wrong
        return latent

    def _classes(self, digits: Digit | Iterable[Digit] | None) -> tuple[int, ...]:
        """Return the labels of the chosen classes; none if `digits` is None."""
        from export.datasets.sampling import class_labels

        if digits is None:
            return ()
        # An array without dimensions is Iterable by its type, but cannot be iterated.
        one = isinstance(digits, str | bytes) or getattr(digits, "ndim", 1) == 0 or not isinstance(digits, Iterable)
        chosen: Any = [digits] if one else digits
        labels = class_labels(self.info, chosen)
        if not labels:
            raise ExportError("The list of digits is empty: name at least one class, or leave it out for all classes.")
        return labels


def _finite(name: str, value: object, columns: int, rows: int | None = None) -> Float32:
    """Return an array of finite numbers, float32 [rows, columns]; any number of rows if `rows` is None."""
    import numpy as np

    count = "n" if rows is None else rows
    wrong = ExportError(f"{name} for this generator are finite numbers [{count}, {columns}].")
    try:
        array = np.asarray(value)
    except ValueError:  # nested sequences of different lengths
        raise wrong from None
    if array.dtype.kind not in "biuf" or array.ndim != 2 or array.shape[1] != columns or rows not in (None, len(array)):
        raise wrong
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        found: Float32 = array.astype(np.float32)
    if not np.isfinite(found).all():
        raise wrong
    return found


def _integer(name: str, value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}.") from None


def _number(name: str, value: object) -> float:
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}.")
    return float(value)
