"""What the viewer reads and writes: recipes, pictures, favourites, settings."""

from collections.abc import Callable

Report = Callable[[int, int], None]
"""Called by long work with how much is done, and of how much; may raise to stop the work."""
