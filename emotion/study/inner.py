"""Inner folds: what is held out in turn of the training part, so that settings are chosen without the test set."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from emotion.core.errors import EmotionError
from emotion.corpus.scenarios import even, scenario_groups, scenarios_of, sessions_of
from emotion.corpus.utterance import Index, Utterance, session_of
from emotion.study.folds import Fold

PROTOCOLS = ("session", "scenario")


@dataclass(frozen=True)
class Inner:
    """Inner folds and what they are.

    Attributes:
        folds: the held-out group of each is its validation set; there is no test set.
        what: of what the groups are, e.g. `sessions`.
        rows: the training part.
    """

    folds: list[Fold]
    what: str
    rows: tuple[Utterance, ...]


def inner_folds(index: Index, *, protocol: str, most: int) -> Inner:
    """Hold out groups of the training part in turn; the others are trained on.

    - `session`: groups of sessions, or of people who never meet, see `sessions_of`; of dialogues where everybody has
      met everybody.
    - `scenario`: such a group, and of it the dialogues that play a group of scenarios; all others that play these are
      left out. The first folds hold out different people and different scenarios each.

    Args:
        index: of which the training part (training and validation utterances) is used, the test set is not.
        protocol: one of `PROTOCOLS`.
        most: folds at most, 2 or more.

    Raises:
        EmotionError: nothing can be held out, or nothing labelled is left for training or validation.
    """
    rows = tuple(row for row in index.utterances if row.split in ("train", "validation"))
    people, what = _people(rows, most)
    if protocol == "scenario":
        parts, what = _scenarios(rows, people, most), f"{what} and scenarios"
    else:
        parts = {f"inner{group}": _split(people, group) for group in sorted(set(people.values()))}
    folds = [Fold(name, _placed(index, rows, part)) for name, part in parts.items()]
    if len(folds) < 2:
        raise EmotionError("the training part has one dialogue, expected two or more to hold one out in turn")
    for fold in folds:
        for split in ("train", "validation"):
            if not any(row.label for row in fold.rows(split)):
                raise EmotionError(
                    f"no labelled utterance is left for {'training' if split == 'train' else 'scoring'} where a group "
                    f"of {what} is held out; choose another protocol or fewer folds"
                )
    return Inner(folds, what, rows)


def _people(rows: tuple[Utterance, ...], most: int) -> tuple[dict[str, int], str]:
    """Dialogue -> its group, and of what the groups are."""
    sessions = sessions_of(rows)
    what = "sessions" if all(map(session_of, sessions)) else "people who never meet"
    if len(set(sessions.values())) < 2:
        sessions, what = {row.dialogue: row.dialogue for row in rows}, "dialogues"
    group = even(Counter(sessions[row.dialogue] for row in rows), most)
    return {dialogue: group[session] for dialogue, session in sessions.items()}, what


def _split(people: Mapping[str, int], group: int) -> dict[str, str]:
    return {dialogue: "validation" if own == group else "train" for dialogue, own in people.items()}


def _scenarios(rows: tuple[Utterance, ...], people: Mapping[str, int], most: int) -> dict[str, dict[str, str]]:
    """Name of a fold -> dialogue -> train, validation, or '' = left out."""
    groups, of = scenario_groups(rows), scenarios_of(rows)
    played = {dialogue: groups[name] for dialogue, name in of.items()}
    numbers, count = sorted(set(people.values())), max(groups.values())
    found: dict[str, dict[str, str]] = {}
    for shift in range(count):
        for person in numbers:
            scene = 1 + (person - 1 + shift) % count
            tested = {name for name in people if people[name] == person and played[name] == scene}
            if tested and len(found) < most:
                kept = {name: "train" for name in people if people[name] != person and played[name] != scene}
                found[f"inner{person}-{scene}"] = dict.fromkeys(people, "") | kept | dict.fromkeys(tested, "validation")
    return found


def _placed(index: Index, rows: tuple[Utterance, ...], parts: Mapping[str, str]) -> Index:
    placed = (replace(row, split=parts[row.dialogue]) for row in rows if parts[row.dialogue])
    return replace(index, utterances=tuple(placed))
