"""Encoders of pictures and animations, one function for each row of `formats.FORMATS`.

An encoder takes an open file, the pictures and EncoderOptions. It consumes the pictures one by one, so that memory does
not grow with the length of an animation (WebP keeps compressed frames). Nothing depends on the time: the same pictures
give the same bytes.
"""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from digitforge.errors import CannotWrite
from viewer.core.files.metadata import KEY, PNG_SIGNATURE, to_xmp
from viewer.core.picture.compose import enlarged
from viewer.core.picture.look import Rgb32

UNCHANGED = 255
"""The index in a GIF file's palette that leaves a pixel as it was in the frame before."""

LONGEST_ARGUMENT = 30_000 if sys.platform == "win32" else 120_000
"""Longest recipe that ffmpeg can be given: systems limit what a command says."""


@dataclass(frozen=True)
class EncoderOptions:
    """What an encoder needs to know before the first picture. Each format uses the options that apply to it."""

    count: int = 1
    """Number of pictures: 1 for a still."""
    frames_per_second: int = 1
    scale: float = 1
    """Each pixel becomes a square of this size; a whole number for animations."""
    smooth: bool = False
    """Interpolate between pixels instead (stills only)."""
    quality: int = 100
    """1 to 100; for WebP, 100 is lossless."""
    palette: Image.Image | None = None
    """The colours of a GIF file, from `palette_of` or `common_palette`."""
    clear: int | None = None
    """A colour, 0xffRRGGBB, that is left out together with the gaps (SVG); None leaves out nothing."""
    recipe: str = ""
    """ASCII text to embed; empty for none."""

    def end_of(self, frame: int, unit: int) -> int:
        """Return when a frame ends, in 1 / unit seconds. Rounding errors do not add up."""
        return round(unit * (frame + 1) / self.frames_per_second)

    def length_of(self, frame: int, unit: int) -> int:
        """Return how long a frame is shown, in 1 / unit seconds."""
        return self.end_of(frame, unit) - self.end_of(frame - 1, unit)


def write_png(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write the first picture as a PNG file."""
    picture = next(iter(pictures))
    file.write(_png(enlarged(picture, options.scale, options.smooth), options.recipe))


def _png(image: Image.Image, recipe: str) -> bytes:
    info = PngInfo()
    if recipe:
        info.add_text(KEY, recipe)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def palette_of(colours: Sequence[int]) -> Image.Image:
    """Return a palette image of up to 255 colours, 0xffRRGGBB each."""
    padded = [*colours, *[colours[-1]] * (256 - len(colours))]
    palette = Image.new("P", (1, 1))
    palette.putpalette([colour >> shift & 0xFF for colour in padded for shift in (16, 8, 0)])
    return palette


def common_palette(pictures: Sequence[Rgb32]) -> Image.Image:
    """Return one palette image of 255 colours for all pictures. With a palette per frame, colours would flicker."""
    return enlarged(np.concatenate(pictures), 1).quantize(UNCHANGED, dither=Image.Dither.NONE)


def write_gif(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write an endless GIF file, with only the changed pixels of each frame after the first.

    Pillow compresses the frames one by one. Its own animated GIF and APNG writers hold every frame in memory until the
    last one is known (12 MB each at the largest size, 2048 x 2048) and merge equal frames.
    """
    assert options.palette is not None
    scale = int(options.scale)
    colours = bytes(options.palette.getpalette() or ()).ljust(768, b"\0")
    before: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None
    for number, picture in enumerate(pictures):
        frame = enlarged(picture, 1)
        indices = np.array(frame.quantize(palette=options.palette, dither=Image.Dither.NONE))
        top, left, (bottom, right) = 0, 0, indices.shape
        if before is None:
            size = (frame.width * scale, frame.height * scale)
            file.write(b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7, 0, 0) + colours)
            file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")  # repeat forever
            if options.recipe:
                file.write(b"!\xfe" + _blocks(options.recipe.encode()))
            shown = indices
        else:
            changed = indices != before
            rows, columns = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
            if len(rows):
                top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
            else:
                bottom = right = 1
            shown = np.where(changed, indices, np.uint8(UNCHANGED))[top:bottom, left:right]
        before = indices
        large = shown.repeat(scale, axis=0).repeat(scale, axis=1)
        height, width = large.shape
        # A graphic control extension (keep this frame below the next one, a transparent index), then the image.
        file.write(b"!\xf9\x04\x05" + struct.pack("<HBB", options.length_of(number, 100), UNCHANGED, 0))
        file.write(b"," + struct.pack("<HHHHB", left * scale, top * scale, width, height, 0) + _gif_data(large))
    file.write(b";")


def _gif_data(indices: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """Return the compressed indices as a GIF file stores them: those of a GIF file with one picture."""
    stream = io.BytesIO()
    Image.fromarray(indices).save(stream, "GIF", optimize=False, interlace=0)
    content = stream.getvalue()
    palette = 3 * 2 ** ((content[10] & 7) + 1)
    return content[13 + palette + 10 : -1]  # between header, palette, image descriptor and trailer


def _blocks(data: bytes) -> bytes:
    """Split data into GIF's blocks of up to 255 bytes."""
    parts = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def write_apng(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write an endless animated PNG file (PNG specification, third edition). See `write_gif` for why not by Pillow."""
    sequence = itertools.count()
    for number, picture in enumerate(pictures):
        frame = enlarged(picture, options.scale)
        chunks = _chunks(_png(frame, options.recipe if number == 0 else ""))
        if number == 0:
            file.write(PNG_SIGNATURE)
            for kind, body in chunks:
                if kind not in (b"IDAT", b"IEND"):
                    _write_chunk(file, kind, body)
                if kind == b"IHDR":
                    _write_chunk(file, b"acTL", struct.pack(">II", options.count, 0))
        control = (next(sequence), *frame.size, 0, 0, 1, options.frames_per_second, 0, 0)
        _write_chunk(file, b"fcTL", struct.pack(">IIIIIHHBB", *control))
        data = b"".join(body for kind, body in chunks if kind == b"IDAT")
        if number == 0:
            _write_chunk(file, b"IDAT", data)
        else:
            _write_chunk(file, b"fdAT", struct.pack(">I", next(sequence)) + data)
    _write_chunk(file, b"IEND", b"")


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return type and body of each chunk of a PNG file written by `_png`."""
    found, place = [], len(PNG_SIGNATURE)
    while place < len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        found.append((kind, content[place + 8 : place + 8 + size]))
        place += size + 12
    return found


def _write_chunk(file: IO[bytes], kind: bytes, body: bytes) -> None:
    file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def write_webp(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write an endless WebP file."""
    frames = (enlarged(picture, options.scale) for picture in pictures)
    page = next(frames)
    shown = 0

    def seek(number: int) -> None:
        nonlocal shown
        if number > shown:
            shown = number
            page.paste(next(frames))

    # Pillow asks a multi-page image for one page after the other, but turns other iterables into a list.
    page.seek = seek  # type: ignore[assignment, method-assign]
    page.n_frames = options.count  # type: ignore[attr-defined]
    try:
        page.save(
            file,
            "WEBP",
            save_all=True,
            loop=0,
            duration=[options.length_of(number, 1000) for number in range(options.count)],
            lossless=options.quality >= 100,
            quality=options.quality,
            method=2,
            xmp=to_xmp(options.recipe) if options.recipe else b"",
        )
    finally:
        del page.seek  # page and function refer to each other, and would wait for the garbage collector


def write_mp4(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write an MP4 file (H.264) with ffmpeg. Raises CannotWrite if ffmpeg is missing or fails, or for long recipes."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise CannotWrite("MP4 needs ffmpeg, which is not on the PATH: install it, or choose another format.")
    if len(options.recipe) > LONGEST_ARGUMENT:
        raise CannotWrite(
            "An MP4 file cannot carry this many samples that no seed makes: unlock cells, remove keyframes, or choose "
            "another format."
        )
    frames = (enlarged(picture, 1) for picture in pictures)
    first = next(frames)
    scale = int(options.scale)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as messages:
        path = Path(folder) / "animation.mp4"  # ffmpeg moves the index to the start, so it needs a file of its own
        # H.264 needs even sizes: odd ones get one more line. One thread and no date give the same bytes each time.
        filters = f"scale=iw*{scale}:ih*{scale}:flags=neighbor,pad=ceil(iw/2)*2:ceil(ih/2)*2"
        command = [
            program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{first.width}x{first.height}",
            "-r", f"{options.frames_per_second}", "-i", "pipe:0", "-vf", filters, "-an",
            "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "medium",
            "-crf", f"{round(51 - 0.41 * options.quality)}", "-threads", "1", "-map_metadata", "-1",
            "-flags:v", "+bitexact", "-fflags", "+bitexact",
            "-movflags", "+faststart", "-metadata", f"comment={options.recipe}", "-f", "mp4", str(path),
        ]  # fmt: skip
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=messages) as process:
            assert process.stdin is not None
            try:
                for frame in itertools.chain([first], frames):
                    process.stdin.write(frame.tobytes())
            except BrokenPipeError:
                pass  # ffmpeg has ended early; its message is reported below
            except BaseException:
                process.kill()
                raise
            finally:
                with suppress(OSError):
                    process.stdin.close()
        if process.returncode != 0:
            messages.seek(0)
            lines = messages.read(4000).decode(errors="replace").strip().splitlines() or ["no reason was given"]
            raise CannotWrite(f"ffmpeg failed: {lines[-1].rpartition('] ')[2].rstrip('.')[:200]}.")
        with path.open("rb") as content:
            shutil.copyfileobj(content, file)
