"""Optuna's plots as PNG files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from digitforge import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(study: optuna.Study, names: list[str], objective: str, folder: Path) -> None:
    """Write the plots that the finished trials allow to `folder`. names: the searched settings."""
    # The preset's trial lacks values outside the space, and a setting with a single value cannot be plotted.
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    names = [name for name in names if len({each.params[name] for each in ended if name in each.params}) > 1]
    if len(ended) < 2 or not names:
        return
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ExperimentalWarning, and matplotlib's warnings about layouts
        import optuna.visualization.matplotlib as plots

        kinds: dict[str, Callable[[], object]] = {
            "history": lambda: plots.plot_optimization_history(study, target_name=objective),
            "slice": lambda: plots.plot_slice(study, params=names, target_name=objective),
            "parallel": lambda: plots.plot_parallel_coordinate(study, params=names, target_name=objective),
            "importances": lambda: plots.plot_param_importances(study, params=names, target_name=objective),
        }
        for kind, plot in kinds.items():
            try:
                plot()
                _readable(pyplot.gcf(), kind, len(names), study.direction is StudyDirection.MINIMIZE)
                with files.atomic_file(folder / f"{kind}.png") as temporary:
                    pyplot.gcf().savefig(temporary, dpi=120, bbox_inches="tight")
            except Exception:  # noqa: S112 - too few trials, or equal scores: a missing plot must not end the search
                continue
            finally:
                pyplot.close("all")


def _readable(figure: Figure, kind: str, count: int, distance: bool) -> None:
    """Make room for `count` settings, and show distances on a logarithmic axis, as bad ones are orders larger."""
    from matplotlib.ticker import NullFormatter

    figure.set_size_inches((3 + 2.5 * count, 5) if kind in ("slice", "parallel") else (8, 5))
    for axes in figure.axes:
        if kind in ("slice", "history") and axes.get_label() != "<colorbar>" and distance:
            axes.set_yscale("log")
        if kind == "slice":
            axes.tick_params(axis="x", labelrotation=30)
            axes.xaxis.set_minor_formatter(NullFormatter())
