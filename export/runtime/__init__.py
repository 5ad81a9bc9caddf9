"""Open and run generators, without torch and without Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from export.runtime.generator import Generator, find_model, open_generator

__all__ = ["Generator", "find_model", "open_generator"]


def __getattr__(name: str) -> Any:
    # onnxruntime is loaded at the first use, so that the doctor works without it.
    if name in __all__:
        from export.runtime import generator

        return getattr(generator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
