"""Animations as files, frame by frame: no format keeps more than one frame in memory, and none asks a clock.

WebP keeps what it has compressed; the file is written at its end.
"""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.GifImagePlugin import getdata
from PIL.PngImagePlugin import PngInfo

from digitforge.errors import CannotWrite
from viewer.core.files.metadata import KEY, PNG_SIGNATURE, to_xmp

TRANSPARENT = 255
"""The place in a GIF file's palette that leaves what the last frame had."""


@dataclass(frozen=True)
class Reel:
    """What every format needs to know before the first frame."""

    count: int
    """Frames."""
    frames_per_second: int
    scale: int
    """Each pixel becomes a square of so many by so many."""
    recipe: str = ""
    """ASCII; empty writes none."""

    def end_of(self, frame: int, unit: int) -> int:
        """When frame number `frame` ends, in 1 / unit seconds: rounding never adds up."""
        return round(unit * (frame + 1) / self.frames_per_second)

    def length_of(self, frame: int, unit: int) -> int:
        """How long frame number `frame` is shown, in 1 / unit seconds."""
        return self.end_of(frame, unit) - self.end_of(frame - 1, unit)


def png(image: Image.Image, recipe: str = "") -> bytes:
    """A PNG file. recipe: ASCII; empty writes none."""
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=_text_chunk(recipe))
    return stream.getvalue()


def _text_chunk(recipe: str) -> PngInfo:
    info = PngInfo()
    if recipe:
        info.add_text(KEY, recipe)
    return info


def palette_of(colours: Sequence[int]) -> Image.Image:
    """A palette image of up to 255 colours, 0xffRRGGBB each."""
    padded = [*colours, *[colours[-1]] * (256 - len(colours))]
    palette = Image.new("P", (1, 1))
    palette.putpalette([colour >> shift & 0xFF for colour in padded for shift in (16, 8, 0)])
    return palette


def common_palette(frames: Sequence[Image.Image]) -> Image.Image:
    """One palette for all of these frames, or colours would flicker."""
    tall = Image.new("RGB", (frames[0].width, frames[0].height * len(frames)))
    for place, frame in enumerate(frames):
        tall.paste(frame, (0, place * frame.height))
    return tall.quantize(TRANSPARENT, dither=Image.Dither.NONE)


def write_gif(file: IO[bytes], frames: Iterable[Image.Image], reel: Reel, palette: Image.Image) -> None:
    """An endless GIF file of RGB frames; of each frame only what has changed is written."""
    before: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None
    colours = bytes(palette.getpalette() or ()).ljust(768, b"\0")
    for number, frame in enumerate(frames):
        places = np.array(frame.quantize(palette=palette, dither=Image.Dither.NONE))
        top, left, (bottom, right) = 0, 0, places.shape
        if before is None:
            size = (frame.width * reel.scale, frame.height * reel.scale)
            file.write(b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7, 0, 0) + colours)
            file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")  # for ever
            if reel.recipe:
                file.write(b"!\xfe" + _blocks(reel.recipe.encode()))
            shown = places
        else:
            changed = places != before
            rows, columns = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
            if len(rows):
                top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
            else:
                bottom = right = 1
            shown = np.where(changed, places, np.uint8(TRANSPARENT))[top:bottom, left:right]
        before = places
        image = Image.fromarray(shown)
        image = image.resize((image.width * reel.scale, image.height * reel.scale), Image.Resampling.NEAREST)
        image.putpalette(colours)
        offset = (int(left) * reel.scale, int(top) * reel.scale)
        duration_ms = 10 * reel.length_of(number, 100)
        parts = getdata(image, offset, duration=duration_ms, transparency=TRANSPARENT, disposal=1)
        file.write(b"".join(parts))
        parts.clear()  # Pillow's own list, which it would keep until garbage is collected
    file.write(b";")


def _blocks(data: bytes) -> bytes:
    """Data in the blocks of up to 255 bytes that GIF knows."""
    parts = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def write_apng(file: IO[bytes], frames: Iterable[Image.Image], reel: Reel) -> None:
    """An endless animated PNG file of RGB frames (PNG specification, third edition)."""
    sequence = itertools.count()
    for number, frame in enumerate(frames):
        large = _enlarged(frame, reel.scale)
        chunks = _chunks(png(large, reel.recipe if number == 0 else ""))
        if number == 0:
            file.write(PNG_SIGNATURE)
            for kind, body in chunks:
                if kind != b"IDAT" and kind != b"IEND":
                    _write_chunk(file, kind, body)
                if kind == b"IHDR":
                    _write_chunk(file, b"acTL", struct.pack(">II", reel.count, 0))
        control = (next(sequence), *large.size, 0, 0, 1, reel.frames_per_second, 0, 0)
        _write_chunk(file, b"fcTL", struct.pack(">IIIIIHHBB", *control))
        data = b"".join(body for kind, body in chunks if kind == b"IDAT")
        if number == 0:
            _write_chunk(file, b"IDAT", data)
        else:
            _write_chunk(file, b"fdAT", struct.pack(">I", next(sequence)) + data)
    _write_chunk(file, b"IEND", b"")


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of each chunk of a PNG file that was made here."""
    found, place = [], len(PNG_SIGNATURE)
    while place < len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        found.append((kind, content[place + 8 : place + 8 + size]))
        place += size + 12
    return found


def _write_chunk(file: IO[bytes], kind: bytes, body: bytes) -> None:
    file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def write_webp(file: IO[bytes], frames: Iterable[Image.Image], reel: Reel, quality: int) -> None:
    """An endless WebP file of RGB frames. quality: 1 to 100 (lossless)."""
    remaining = iter(frames)
    page = _enlarged(next(remaining), reel.scale)
    shown = 0

    def turn_to(number: int) -> None:
        nonlocal shown
        if number > shown:
            shown = number
            page.paste(_enlarged(next(remaining), reel.scale))

    # Pillow asks an image with pages for one after the other; a list of frames it would hold as a whole.
    page.seek = turn_to  # type: ignore[assignment, method-assign]
    page.n_frames = reel.count  # type: ignore[attr-defined]
    durations = [reel.length_of(number, 1000) for number in range(reel.count)]
    xmp = to_xmp(reel.recipe) if reel.recipe else b""
    lossless = quality >= 100
    try:
        page.save(
            file, "WEBP", save_all=True, loop=0, duration=durations, lossless=lossless, quality=quality, method=2,
            xmp=xmp,
        )  # fmt: skip
    finally:
        del page.seek  # or page and function would keep each other until garbage is collected


def ffmpeg() -> str | None:
    """Where the program that makes MP4 files is; None where there is none on the PATH."""
    return shutil.which("ffmpeg")


def write_mp4(path: Path, frames: Iterable[Image.Image], reel: Reel, quality: int) -> None:
    """An MP4 file (H.264) of RGB frames, by ffmpeg. quality: 1 to 100. Raises CannotWrite."""
    program = ffmpeg()
    if program is None:
        raise CannotWrite("MP4 needs ffmpeg, which is not on the PATH: install it, or choose another format.")
    remaining = iter(frames)
    first = next(remaining)
    # Players know no odd sizes, so an odd one gets a line more; one thread, and no date: the same bytes each time.
    filters = f"scale=iw*{reel.scale}:ih*{reel.scale}:flags=neighbor,pad=ceil(iw/2)*2:ceil(ih/2)*2"
    command = [
        program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{first.width}x{first.height}", "-r", f"{reel.frames_per_second}",
        "-i", "pipe:0", "-vf", filters, "-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "medium",
        "-crf", f"{round(51 - 0.41 * quality)}", "-threads", "1", "-map_metadata", "-1", "-flags:v", "+bitexact",
        "-fflags", "+bitexact", "-movflags", "+faststart", "-metadata", f"comment={reel.recipe}", "-f", "mp4",
        str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said) as process:
        assert process.stdin is not None
        try:
            for frame in itertools.chain([first], remaining):
                process.stdin.write(frame.tobytes())
        except BrokenPipeError:
            pass  # it ended by itself, and has said why
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(OSError):
                process.stdin.close()
        if process.wait() != 0:
            said.seek(0)
            reason = (said.read(4000).decode(errors="replace").strip().splitlines() or ["no reason was given"])[-1]
            raise CannotWrite(f"ffmpeg could not make this film: {reason.rpartition('] ')[2].rstrip('.')[:200]}.")


def _enlarged(frame: Image.Image, scale: int) -> Image.Image:
    return frame.resize((frame.width * scale, frame.height * scale), Image.Resampling.NEAREST)
