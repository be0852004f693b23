"""What came of an extraction: is too much missing, and one line that says what was made and what was not."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from emotion.errors import EmotionError, absent_everywhere

_SHOWN = 3  # kinds of reasons in a line


def check_missing(reasons: Sequence[str], *, max_missing: float, what: str) -> None:
    """Stop where too many utterances are missing; a modality that the corpus lacks everywhere is no fault.

    Args:
        reasons: one per utterance, '' where it is present.
        max_missing: share 0..1 that may be missing.
        what: what they lack, e.g. "face clips".

    Raises:
        EmotionError: the share is larger; says why the utterances are missing.
    """
    missing = [reason for reason in reasons if reason]
    if len(missing) > max_missing * len(reasons) and not absent_everywhere(reasons):
        raise EmotionError(
            f"{what}: {len(missing)} of {len(reasons)} utterances are missing, more than max_missing = {max_missing:g} "
            f"allows ({_kinds(missing)}; e.g. {missing[0]}); mend the media or raise max_missing"
        )


def say_outcome(reasons: Sequence[str], *, what: str, out: Path, already: bool = False) -> None:
    """Write the one line to stderr.

    Args:
        reasons: see `check_missing`, as for `what`.
        what: what was made.
        out: the file.
        already: whether it was there before and nothing had to be done.
    """
    missing = [reason for reason in reasons if reason]
    why = f" ({_kinds(missing)})" if missing else ""
    sys.stderr.write(f"{what}: {len(reasons) - len(missing)} of {len(reasons)} utterances, {len(missing)} missing{why}")
    sys.stderr.write(f" -> {out}{' (already there, nothing to do)' if already else ''}\n")


def kinds(reasons: Sequence[str]) -> dict[str, int]:
    """How often each kind of reason (the part before its colon) occurs, the most frequent first."""
    counted = Counter(reason.split(":")[0] for reason in reasons if reason)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _kinds(missing: Sequence[str]) -> str:
    counted = list(kinds(missing).items())
    rest = sum(count for _, count in counted[_SHOWN:])
    shown = [f"{count} {kind}" for kind, count in counted[:_SHOWN]]
    return "; ".join([*shown, f"{rest} others"] if rest else shown)
