"""Optuna's plots as PNG files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.trial import TrialState

from trainer import files


def draw(study: optuna.Study, names: list[str], folder: Path) -> None:
    """Draw what the finished trials allow into `folder`."""
    # The preset's trial lacks what the space does not hold: a plot of several settings needs trials that have them.
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    names = [name for name in names if len({each.params[name] for each in ended if name in each.params}) > 1]
    if len(ended) < 2 or not names:
        return
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "experimental", and matplotlib's remarks on layouts
        import optuna.visualization.matplotlib as plots

        kinds: dict[str, Callable[[], object]] = {
            "history": lambda: plots.plot_optimization_history(study),
            "slice": lambda: plots.plot_slice(study, params=names),
            "parallel": lambda: plots.plot_parallel_coordinate(study, params=names),
            "importances": lambda: plots.plot_param_importances(study, params=names),
        }
        for kind, plot in kinds.items():
            try:
                plot()
                with files.atomic_file(folder / f"{kind}.png") as temporary:
                    pyplot.gcf().savefig(temporary, dpi=120, bbox_inches="tight")
            except Exception:  # noqa: S112 - too few trials, all of one score: the search is worth more than a plot
                continue
            finally:
                pyplot.close("all")
