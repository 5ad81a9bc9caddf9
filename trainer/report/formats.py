"""How numbers and metrics are written, the same on pages and in terminals."""

from __future__ import annotations

from trainer.scoring.metrics import Metric

DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "near": "nearest to real is better"}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a number with `digits` significant digits, as in "0.9405", "7.89×10⁻⁵" or, for None, "–"."""
    if value is None:
        return "–"
    written = f"{value:.{digits}g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if value and not 1e-3 <= abs(float(written.replace(",", ""))) < 1e6:
        factor, power = f"{value:.{min(digits, 3) - 1}e}".split("e")
        factor = factor.rstrip("0").rstrip(".") if "." in factor else factor
        power = str(int(power)).translate(SUPERSCRIPTS)
        written = {"1": f"10{power}", "-1": f"-10{power}"}.get(factor, f"{factor}×10{power}")
    return written.replace("-", "−")


def format_floor(mean: float | None, spread: float | None) -> str:
    """Return a metric's floor as "0.0107 ± 0.0014"."""
    return (
        format_number(mean) if spread is None or mean is None else f"{format_number(mean)} ± {format_number(spread, 2)}"
    )


def direction(metric: Metric) -> str:
    """Return which values are better, in words."""
    return DIRECTIONS[metric.better]
