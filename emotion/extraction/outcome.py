"""What came of an extraction: is too much missing, and one line that says what was made and what was not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emotion.core import logs
from emotion.core.errors import EmotionError, absent_everywhere

_SHOWN = 3  # kinds of reasons in a line


def check_missing(reasons: Sequence[str], *, max_missing: float, what: str) -> None:
    """Stop where more than a share of utterances lack something; what the corpus lacks everywhere is no fault.

    Utterances that are present have the reason ''; `what` is missing, e.g. "face clips".

    Raises:
        EmotionError: the share is larger; says why the utterances are missing.
    """
    missing = [reason for reason in reasons if reason]
    if len(missing) > max_missing * len(reasons) and not absent_everywhere(reasons):
        raise EmotionError(
            f"{what}: {len(missing)} of {len(reasons)} utterances are missing, more than max_missing = {max_missing:g} "
            f"allows ({_kinds(missing)}; e.g. {missing[0]}); fix the media or raise max_missing"
        )


def say_outcome(reasons: Sequence[str], *, what: str, out: Path, already: bool = False) -> None:
    """Tell in one line what was made of utterances, see `check_missing`, and in which file.

    `already`: it was there before and nothing had to be done.
    """
    missing = [reason for reason in reasons if reason]
    why = f" ({_kinds(missing)})" if missing else ""
    done = " (already there, nothing to do)" if already else ""
    found = f"{len(reasons) - len(missing)} of {len(reasons)} utterances"
    logs.info(f"{what}: {found}, {len(missing)} missing{why} -> {out}{done}")


def say_remarks(ids: Sequence[str], notes: Sequence[Mapping[str, Any]], *, what: str) -> None:
    """Warn of what is odd about inputs that are used all the same: a line for each kind, with its count.

    `remarks` in the note of an utterance maps a kind to what was found.
    """
    found: dict[str, list[str]] = {}
    for name, note in zip(ids, notes, strict=True):
        for kind, about in note.get("remarks", {}).items():
            found.setdefault(kind, []).append(f"{name} ({about})")
    for kind, places in found.items():
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        logs.warning(f"warning: {what}: {len(places)} of {len(ids)}: {kind}: {', '.join(places[:_SHOWN])}{more}")


def kinds(reasons: Sequence[str]) -> dict[str, int]:
    """How often each kind of reason (the part before its colon) occurs, the most frequent first."""
    counted = Counter(reason.split(":")[0] for reason in reasons if reason)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _kinds(missing: Sequence[str]) -> str:
    counted = list(kinds(missing).items())
    rest = sum(count for _, count in counted[_SHOWN:])
    shown = [f"{count} {kind}" for kind, count in counted[:_SHOWN]]
    return "; ".join([*shown, f"{rest} others"] if rest else shown)
