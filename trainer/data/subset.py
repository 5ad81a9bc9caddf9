"""Choosing some classes and some images of a data set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitforge.errors import ConfigError, nearest


def choose(
    labels: npt.NDArray[np.int64], names: tuple[str, ...], classes: str, limit: int
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], npt.NDArray[np.int64]]:
    """Choose the images of `classes` (comma-separated names; empty: all), and `limit` of these (0: all).

    labels: [count]. Returns the ascending indices of the images; the names of the classes, in the data set's order;
    and the labels, renumbered. Raises ConfigError for an unknown class, or if there are fewer images than the limit.
    """
    wanted = {name.strip() for name in classes.split(",")} if classes else set(names)
    for name in sorted(wanted - set(names)):
        if not names:
            raise ConfigError("classes is set, but these images have none: leave it empty.")
        raise ConfigError(f"These images have no class {name!r}: {nearest(name, names)}")
    kept = [label for label, name in enumerate(names) if name in wanted]
    chosen = np.flatnonzero(np.isin(labels, kept)) if classes else np.arange(len(labels))
    if limit > len(chosen):
        raise ConfigError(f"limit is {limit:,}, but there are only {len(chosen):,} images: lower --limit.")
    if limit:
        # A fixed shuffle: the images do not depend on the run's seed.
        chosen = np.sort(np.random.Generator(np.random.PCG64(0)).permutation(chosen)[:limit])
    renumbered = np.searchsorted(kept, labels[chosen]) if classes else labels[chosen]
    return chosen, tuple(names[label] for label in kept), renumbered
