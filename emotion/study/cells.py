"""Cells of the study's tables: figures in per cent, with their spread or interval."""

from math import isnan

from emotion.study.scoring import Row


def mean_std(row: Row, name: str) -> str:
    """Mean ± standard deviation over seeds of a column; '' where there is none."""
    value, deviation = row.figures[name], row.figures[f"{name}_std"]
    if value is None:
        return ""
    return percent(value) if isnan(deviation) else f"{percent(value)} ± {percent(deviation)}"


def ends(row: Row, low: str, high: str, *, none: str, signed: bool = False) -> str:
    """An interval from two columns; `none`, the reason, where there is none."""
    if row.figures.get(low) is None or isnan(row.figures[low]):
        return none
    return f"{percent(row.figures[low], signed=signed)} to {percent(row.figures[high], signed=signed)}"


def percent(value: float | None, *, signed: bool = False, digits: int = 2) -> str:
    """A share 0..1; '' for None."""
    if value is None:
        return ""
    return f"{100 * value:+.{digits}f}" if signed else f"{100 * value:.{digits}f}"


def p_value(value: float, *, none: str) -> str:
    """Three digits; `none`, the reason, for NaN."""
    return none if isnan(value) else f"{value:.3f}" if value >= 0.001 else "< 0.001"
