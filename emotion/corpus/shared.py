"""What the utterances that are scored share with those that trained: speakers, scenarios, near copies of words.

The test set is compared with training and validation together, since choosing the epoch is part of training; validation
with training.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from emotion.core.text import quoted
from emotion.corpus.identity import people
from emotion.corpus.likeness import FEWEST_WORDS, near_copies
from emotion.corpus.reading import Finding, Kind, findings
from emotion.corpus.tally import Line
from emotion.corpus.utterance import Utterance

AGAINST = {"test": ("train", "validation"), "validation": ("train",)}
"""Split that is scored -> with which it is compared."""

SPEAKERS = Kind.warning(
    "speaker{s} of the test set also in training or validation",
    "scores say nothing about people who were never heard: split by speakers",
)
SCENARIOS = Kind.warning(
    "scenario{s} of the test set also in training or validation",
    "scores reward knowing the play: `emotion study --protocol session,random,scenario` says how much, and index.split "
    "can leave what is tested out of training, e.g. session5_scenario1",
)
COPIES = Kind.warning(
    "utterance{s} of the test set with a near copy in training or validation",
    "the words are known already: split so that who repeats them is on one side, or leave one of the two out",
)


@dataclass(frozen=True)
class Shared:
    """Of a split that is scored: what there is, and what of it was met in training; of several folds all together.

    Attributes:
        split: `test` or `validation`.
        speakers: who speaks, in whatever form -> the name, and that of training where it differs; '' = not met.
        scenarios: what is played -> the same, '' = not met; {} where nothing says it.
        copies: utterances of `FEWEST_WORDS` words and more -> the utterance that each is a near copy of, '' = none.
    """

    split: str
    speakers: dict[str, str] = field(default_factory=dict)
    scenarios: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, list[int]]:
        """Kind -> how many were met, of how many; no names."""
        kinds = {"speakers": self.speakers, "scenarios": self.scenarios, "near_copies": self.copies}
        return {kind: [sum(map(bool, met.values())), len(met)] for kind, met in kinds.items()}


def shared(rows: Sequence[Utterance], split: str) -> Shared:
    """What a split shares with those of `AGAINST`."""
    known = list(zip(rows, people(rows), strict=True))
    mine = [(row, who) for row, who in known if row.split == split]
    theirs = [(row, who) for row, who in known if row.split in AGAINST[split]]
    heard, played = {who: row.speaker for row, who in theirs}, {row.scenario for row, _ in theirs}
    found = Shared(split)
    for row, who in mine:
        there = heard.get(who, "")
        found.speakers[who] = there if there in ("", row.speaker) else f"{row.speaker}, there {there}"
        if row.scenario:
            found.scenarios[row.scenario] = row.scenario if row.scenario in played else ""
    compared, nearest = near_copies([row.text for row, _ in mine], [row.text for row, _ in theirs])
    for (row, _), long, place in zip(mine, compared, nearest, strict=True):
        if long:
            found.copies[row.utterance] = theirs[place][0].utterance if place >= 0 else ""
    return found


def of_folds(folds: Iterable[Sequence[Utterance]]) -> list[Shared]:
    """Of the splits that have utterances, all folds together: what was met in one fold was met."""
    found = {split: Shared(split) for split in AGAINST}
    for rows in folds:
        for split, whole in found.items():
            part = shared(rows, split)
            for mine, more in (
                (whole.speakers, part.speakers),
                (whole.scenarios, part.scenarios),
                (whole.copies, part.copies),
            ):
                for name, met in more.items():
                    mine[name] = mine.get(name, "") or met
    return [one for one in found.values() if one.speakers]


def told(split: str, counts: Mapping[str, Sequence[int]]) -> str:
    """In words: `test shares with training and validation: 0 of 2 speakers, ...`; `counts` is of `Shared.counts`."""
    (speakers, people_), (scenarios, all_), (copies, compared) = (
        counts[kind] for kind in ("speakers", "scenarios", "near_copies")
    )
    said = [f"{speakers} of {people_} speakers"]
    said.append(f"{scenarios} of {all_} scenarios" if all_ else "scenarios unknown")
    said.append(
        f"near copies of {copies} of {compared} utterances of {FEWEST_WORDS} words and more "
        f"({100 * copies / compared:.1f} %)"
        if compared
        else f"no text of {FEWEST_WORDS} words to compare"
    )
    return f"{split} shares with {' and '.join(AGAINST[split]).replace('train', 'training')}: {', '.join(said)}"


def sentences(known: object) -> list[tuple[str, bool]]:
    """What `told` says of each split of a file's `split -> counts`, and whether it is of a test set that shares any.

    Raises:
        ValueError: these are no counts.
    """
    try:
        return [
            (told(split, counts), split == "test" and any(met for met, _ in counts.values()))
            for split, counts in known.items()  # type: ignore[attr-defined]  # whatever a file holds
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None


def lines(found: Iterable[Shared]) -> list[Line]:
    """For the doctor's table: everything that is known."""
    names = {"speakers": "shared speakers", "scenarios": "shared scenarios", "near_copies": "near copies"}
    return [
        Line(f"{one.split}: {names[kind]}", f"{met} of {of}")
        for one in found
        for kind, (met, of) in one.counts().items()
        if of
    ]


def shared_findings(found: Iterable[Shared]) -> list[Finding]:
    """What the test set shares, with its places."""
    (test,) = [one for one in found if one.split == "test"] or [Shared("test")]
    return findings(
        (SPEAKERS, [quoted(name) for name in test.speakers.values() if name]),
        (SCENARIOS, [quoted(name) for name in test.scenarios.values() if name]),
        (COPIES, [f"{name} like {other}" for name, other in test.copies.items() if other]),
    )
