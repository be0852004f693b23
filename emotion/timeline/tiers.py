r"""Tiers of ELAN and Praat: who has which, under which name, where on one tier nothing may overlap.

| tier | holds |
|---|---|
| `Anna` | what Anna says |
| `Anna [2]` | what she says while a turn of hers on the first tier lasts |
| `Anna (emotion)` | what that looks and sounds most like |
| `(warning)` | what everybody must know |

A name that ends like one of these has a backslash before its bracket, `Anna \[2]`, and so have those of a forced
aligner, `\words`, `Anna - \phones`, which are no speakers. A backslash is `\\`, a line end `\n`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from emotion.timeline.ticks import span
from emotion.timeline.timeline import Timeline, Turn

WARNING: Final = "(warning)"
EMOTION: Final = " (emotion)"
_LAYER = re.compile(r"(.*\S) \[[1-9]\d{0,8}\]", re.DOTALL)
_PIECES = re.compile(r"(?:.* - )?(words|phones)", re.IGNORECASE)  # tiers of a forced aligner: no turns
_BRACKET = re.compile(r"[\[(](?=\d+\]$|emotion\)$|warning\)$)")
_ESCAPED = re.compile(r"\\([\\n(\[]|(?=(?i:words|phones)$))")


@dataclass(frozen=True, slots=True)
class Tier:
    """Turns of one speaker that do not overlap.

    Attributes:
        name: of the tier, different from all others.
        speaker: who speaks.
        turns: rising.
    """

    name: str
    speaker: str
    turns: tuple[Turn, ...]


def tiers_of(timeline: Timeline) -> Iterator[Tier]:
    """The tiers of all speakers, in their order; of one who never speaks an empty one."""
    said: dict[str, list[Turn]] = {speaker: [] for speaker in timeline.speakers}
    for turn in timeline.turns:
        said[turn.speaker].append(turn)
    for speaker, turns in said.items():
        for number, layer in enumerate(_layers(turns), start=1):
            name = tier_name(speaker) + (f" [{number}]" if number > 1 else "")
            yield Tier(name, speaker, tuple(layer))


def _layers(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Rising turns on as few layers as can be, each on the first one that is free."""
    layers: list[list[Turn]] = [[]]
    free, busy = [0], list[tuple[int, int]]()  # heaps: numbers of layers; ends in ms and numbers
    for turn in turns:
        start, end = span(turn)
        while busy and busy[0][0] <= start:
            heappush(free, heappop(busy)[1])
        if not free:
            free.append(len(layers))
            layers.append([])
        number = heappop(free)
        layers[number].append(turn)
        heappush(busy, (end, number))
    return layers


def tier_name(speaker: str) -> str:
    """A speaker's name as that of a tier, on one line."""
    name = speaker.replace("\\", "\\\\").replace("\n", "\\n")
    piece = _PIECES.fullmatch(name)
    if piece:
        return f"{name[: piece.start(1)]}\\{piece[1]}"
    return _BRACKET.sub(r"\\\g<0>", name)


def speaker_of(tier: str) -> str:
    """The speaker of a tier by its name; '' for a tier that holds something else."""
    if tier == WARNING or tier.endswith(EMOTION) or _PIECES.fullmatch(tier):
        return ""
    layer = _LAYER.fullmatch(tier)
    name = layer[1] if layer else tier
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], name)


def emotion_of(turn: Turn) -> str:
    """The emotion of a turn as a linguist searches for it: the label, and what is unsure in brackets."""
    parts = [turn.emotion.label] if turn.emotion else []
    parts += ["(unsure)"] if turn.emotion and "emotion" in turn.unsure else []
    parts += ["(speaker unsure)"] if "speaker" in turn.unsure else []
    return " ".join(parts)


def warning_of(warnings: Sequence[str]) -> str:
    """All warnings on one line."""
    return "; ".join(warnings)
