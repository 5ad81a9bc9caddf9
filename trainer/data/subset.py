"""A part of a data set: some classes, some images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitforge.errors import ConfigError, nearest


def choose(
    labels: npt.NDArray[np.int64], names: tuple[str, ...], classes: str, limit: int
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], npt.NDArray[np.int64]]:
    """What of a data set `classes` (comma-separated names; empty: all) and `limit` (0: all) leave.

    labels: [count]. Returns positions in the set, rising; the classes' names, in the set's order; labels numbered by
    these. Raises ConfigError for an unknown class, or a limit above what there is.
    """
    wanted = {name.strip() for name in classes.split(",")} if classes else set(names)
    for name in sorted(wanted - set(names)):
        if not names:
            raise ConfigError("classes is set, but these images have none: leave it empty.")
        raise ConfigError(f"classes asks for {name!r}, which these images have not: {nearest(name, names)}")
    kept = [label for label, name in enumerate(names) if name in wanted]
    chosen = np.flatnonzero(np.isin(labels, kept)) if classes else np.arange(len(labels))
    if limit > len(chosen):
        raise ConfigError(f"limit is {limit:,}, but there are {len(chosen):,} images: choose at most as many.")
    if limit:
        # A fixed shuffle: the same images whatever the run's seed.
        chosen = np.sort(np.random.Generator(np.random.PCG64(0)).permutation(chosen)[:limit])
    renumbered = np.searchsorted(kept, labels[chosen]) if classes else labels[chosen]
    return chosen, tuple(names[label] for label in kept), renumbered
