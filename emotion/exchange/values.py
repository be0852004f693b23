"""Which values of a modality can be used: missing rows are masked, single gaps are filled, absurd values are left out.

All statistics are of the training utterances.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import ABSENT
from emotion.core.text import counted

ABSURD = 1e6  # times the spread of its dimension: no measurement is so far from the median
_ODD = 1e3  # times the spread: worth a look
_LISTED = 20  # utterances that a report names
_COLUMNS = 64  # dimensions that are looked at together, which bounds memory
NOT_LISTED = f"not in the file: {ABSENT}"
NOT_FINITE = f"no finite value: {ABSENT}"


@dataclass(frozen=True)
class Cleaned:
    """One modality, ready to be stored."""

    values: NDArray[np.float32]  # (n, d) float32, finite; rows that are missing mean nothing
    reasons: list[str]  # why a row is missing, '' where it is present
    report: dict[str, Any]  # counts, for import.json
    findings: list[str]  # what the user should look at, one line each


def clean(
    modality: str, values: NDArray[Any], unlisted: NDArray[np.bool_], *, train: NDArray[np.bool_], ids: Sequence[str]
) -> Cleaned:
    """Mask, fill and count; values are (n, d) as the file has them, which has nothing for the rows that are `unlisted`.

    A row without any finite value is a missing modality, for which models have a mask. In other rows, values that are
    not finite, or more than `ABSURD` spreads from their dimension's median, become the training mean.
    """
    n, size = values.shape
    filled = np.zeros((n, size), dtype=np.float32)
    finite, known = np.zeros((n, size), dtype=bool), np.zeros((n, size), dtype=bool)
    distance = np.zeros((n, size), dtype=np.float32)
    floor = _usual_spread(values, train)
    untrained = constant = 0
    for start in range(0, size, _COLUMNS):
        part = slice(start, start + _COLUMNS)
        block = values[:, part].astype(np.float64)
        finite[:, part] = np.isfinite(block)
        distance[:, part] = _distance(block, train, floor)
        known[:, part] = finite[:, part] & (distance[:, part] <= ABSURD) & (np.abs(block) <= np.finfo(np.float32).max)
        count = known[train, part].sum(0)
        mean = np.where(known[train, part], block[train], 0.0).sum(0) / np.maximum(count, 1)
        untrained += int((count == 0).sum())
        first = np.where(known[train, part], block[train], mean)
        constant += int(((count > 1) & (np.ptp(first, axis=0) == 0)).sum()) if train.any() else 0
        filled[:, part] = np.where(known[:, part], block, mean)
    absurd = finite & ~known
    reasons = _reasons(values, unlisted, finite, known)
    present = np.array([not reason for reason in reasons])
    gaps = ~known & present[:, None]
    odd = known & (distance > _ODD) & present[:, None]
    zero = int((~filled[present].any(1)).sum())
    report = {
        "dimensions": size,
        "missing": dict(sorted(Counter(reason.partition(":")[0] for reason in reasons if reason).items())),
        "imputed_values": int(gaps.sum()),
        "imputed_utterances": int(gaps.any(1).sum()),
        "dimensions_without_training_values": untrained,
        "constant_dimensions": constant,
        "all_zero_utterances": zero,
        "absurd": _listed(values, absurd, distance, ids),
        "far_from_the_others": _listed(values, odd, distance, ids),
    }
    return Cleaned(filled, reasons, report, _findings(modality, report, present, train))


def _center_and_spread(block: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and median absolute deviation of each column; where most values are equal, that of the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # columns without values
        center = np.nan_to_num(np.nanmedian(block, axis=0))
        with np.errstate(over="ignore"):
            deviation = np.abs(block - center)
        spread = np.nan_to_num(np.nanmedian(deviation, axis=0))
        for column in np.flatnonzero(spread == 0):
            others = deviation[:, column][deviation[:, column] > 0]
            if len(others) >= max(3, len(block) // 100):
                spread[column] = np.median(others)
    return center, spread


def _usual_spread(values: NDArray[Any], train: NDArray[np.bool_]) -> float:
    """A thousandth of the median spread of the dimensions: rounding noise around a constant is no measure."""
    starts = range(0, values.shape[1], _COLUMNS)
    parts = [_center_and_spread(_finite(values[train, start : start + _COLUMNS])) for start in starts]
    spread = np.concatenate([spread for _, spread in parts])
    return float(np.median(spread[spread > 0])) / 1000 if (spread > 0).any() else 1.0


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    block = values.astype(np.float64)
    block[~np.isfinite(block)] = np.nan
    return block


def _distance(block: NDArray[np.float64], train: NDArray[np.bool_], floor: float) -> NDArray[np.float64]:
    """From the training median, in spreads of the dimension; 0 where a value is not finite."""
    center, spread = _center_and_spread(_finite(block[train]))
    usable = np.isfinite(block)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.abs(block - center) / np.maximum(spread, floor)
    return np.where(usable, np.minimum(distance, np.finfo(np.float32).max), 0.0)


def _reasons(
    values: NDArray[Any], unlisted: NDArray[np.bool_], finite: NDArray[np.bool_], known: NDArray[np.bool_]
) -> list[str]:
    reasons = [""] * len(values)
    for row in np.flatnonzero(~known.any(1)):
        if unlisted[row]:
            reasons[row] = NOT_LISTED
        elif finite[row].any():
            place = int(np.flatnonzero(finite[row])[0])
            reasons[row] = f"absurd values: {values[row, place]:g} in dimension {place}, as in all others"
        else:
            reasons[row] = NOT_FINITE
    return reasons


def _listed(
    values: NDArray[Any], mask: NDArray[np.bool_], distance: NDArray[np.float32], ids: Sequence[str]
) -> dict[str, Any]:
    """How many there are, and the farthest value of the first utterances."""
    rows = np.flatnonzero(mask.any(1))
    named = []
    for row in rows[:_LISTED]:
        place = int(np.argmax(np.where(mask[row], distance[row], -1)))
        named.append({"utterance": ids[row], "dimension": place, "value": float(values[row, place])})
    return {"values": int(mask.sum()), "utterances": len(rows), "first": named}


def _findings(modality: str, report: dict[str, Any], present: NDArray[np.bool_], train: NDArray[np.bool_]) -> list[str]:
    found = []
    if report["missing"]:
        kinds = ", ".join(f"{count} {kind}" for kind, count in report["missing"].items())
        found.append(f"{modality}: missing for {len(present) - present.sum()} of {len(present)} utterances ({kinds})")
    if not present[train].any():
        found.append(f"{modality}: no training utterance has it, so no model can learn from it")
    if imputed := report["imputed_values"]:
        were, are = ("was", "is") if imputed == 1 else ("were", "are")
        whose = f"{counted(imputed, 'values')} of {counted(report['imputed_utterances'], 'utterances')}"
        found.append(f"{modality}: {whose} {were} not finite or absurd and {are} now the training mean")
    for kind, what in (("absurd", "absurd and left out"), ("far_from_the_others", "far from all others and kept")):
        about = report[kind]
        if about["values"]:
            first, are = about["first"][0], "is" if about["values"] == 1 else "are"
            whose = f"{counted(about['values'], 'values')} of {counted(about['utterances'], 'utterances')}"
            found.append(
                f"{modality}: {whose} {are} {what}, e.g. {first['value']:g} in dimension {first['dimension']} of "
                f"utterance {first['utterance']}; look at them"
            )
    if constant := report["constant_dimensions"]:
        have, them = ("has", "it") if constant == 1 else ("have", "them")
        found.append(
            f"{modality}: {constant} of {report['dimensions']} dimensions {have} one value in all training utterances: "
            f"nothing can be learned from {them}"
        )
    if report["all_zero_utterances"]:
        found.append(
            f"{modality}: all zero for {report['all_zero_utterances']} of {len(present)} utterances; is it missing?"
        )
    return found
