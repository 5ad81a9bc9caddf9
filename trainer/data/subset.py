"""Choose some classes, images and labels of a data set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitforge.errors import ConfigError, nearest


def choose(
    labels: npt.NDArray[np.int64], names: tuple[str, ...], classes: str, limit: int
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], npt.NDArray[np.int64]]:
    """Choose the images of `classes` (comma-separated names; empty: all), and `limit` of these (0: all).

    labels: [count], -1 without one; such images belong to no class. Returns the ascending indices of the images; the
    names of the classes, in the data set's order; and the labels, renumbered. Raises ConfigError for an unknown class,
    or if there are fewer images than the limit.
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


def withhold(labels: npt.NDArray[np.int64], classes: int, count: int) -> npt.NDArray[np.int64]:
    """Keep `count` labels, as many of each class as possible, and replace the others by -1.

    labels: [images], -1 without one. The labels kept do not depend on the run's seed. Raises ConfigError if there are
    fewer labels than that, or more classes.
    """
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(labels))
    order = order[labels[order] >= 0]
    if not classes or count > len(order):
        raise ConfigError(f"labels is {count:,}, but {len(order) if classes else 0:,} images have one: lower --labels.")
    if count < classes:
        raise ConfigError(f"labels is {count:,}, but each of the {classes:,} classes needs one: raise --labels.")
    # The first image of each class, then the second of each, and so on.
    place = np.empty(len(order), np.int64)
    for label in range(classes):
        own = labels[order] == label
        place[own] = np.arange(own.sum())
    kept = order[np.lexsort((labels[order], place))[:count]]
    few = np.full_like(labels, -1)
    few[kept] = labels[kept]
    return few
