"""Which dialogues are for training, validation and testing; a test speaker is never heard in training."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from emotion.corpus.utterance import SPLITS, Utterance
from emotion.errors import EmotionError

# The paper (Table 1) gives 108/12/31 dialogues and 5320/490/1623 utterances, but does not name its 12 validation
# dialogues. These are ours: they give exactly its counts, three per session, label mix close to the training set's.
PAPER_VALIDATION = (
    *("Ses01F_impro06", "Ses01M_impro03", "Ses01M_script01_2"),
    *("Ses02F_impro06", "Ses02F_script01_2", "Ses02M_impro01"),
    *("Ses03F_script01_3", "Ses03F_script02_1", "Ses03M_script03_1"),
    *("Ses04F_impro01", "Ses04F_script01_1", "Ses04M_impro08"),
)
# The validation dialogues of COSMIC's released code (5163/647/1623 utterances).
COSMIC_VALIDATION = (
    *("Ses01M_impro01", "Ses01M_script03_1"),
    *("Ses02F_impro02", "Ses02F_impro07", "Ses02M_script01_2"),
    *("Ses03F_impro01", "Ses03M_impro02", "Ses03M_impro08a", "Ses03M_script02_2", "Ses03M_script03_2"),
    *("Ses04F_impro07", "Ses04F_script02_1"),
)
_LISTS = {"paper": PAPER_VALIDATION, "cosmic": COSMIC_VALIDATION}
_SEED = 1
_DRAWS = 200
NAMES = (*_LISTS, *(f"session{number}" for number in range(1, 6)))


def split_dialogues(dialogues: Iterable[str], *, split: str) -> dict[str, str]:
    """Assign every dialogue to train, validation or test.

    - `paper`, `cosmic`: test = session 5, validation = the dialogues listed above.
    - `session1` .. `session5`: test = that session; validation = a tenth of the dialogues (at least one) of each other
      session, drawn with a fixed seed of its own, so that it does not depend on which session is left out.

    Args:
        dialogues: ids like `Ses01F_impro01`.
        split: one of `NAMES`.

    Returns:
        Dialogue -> train, validation or test, in the order of the dialogues.

    Raises:
        EmotionError: unknown split, or one of the three would be empty.
    """
    if split not in NAMES:
        raise EmotionError(f"split is {split!r}, expected one of {', '.join(NAMES)}")
    sessions: defaultdict[int, list[str]] = defaultdict(list)
    order = list(dict.fromkeys(dialogues))
    for dialogue in sorted(order):
        sessions[_session(dialogue)].append(dialogue)
    test = 5 if split in _LISTS else int(split.removeprefix("session"))
    validation = set(_LISTS[split]) if split in _LISTS else _drawn(sessions)

    def part(dialogue: str) -> str:
        if _session(dialogue) == test:
            return "test"
        return "validation" if dialogue in validation else "train"

    parts = {dialogue: part(dialogue) for dialogue in order}
    for name in ("train", "validation", "test"):
        if name not in parts.values():
            raise EmotionError(
                f"split {split}: no dialogue for {name} among the {len(order)} found (session {test} is the test set); "
                f"complete the corpus or choose another split"
            )
    return parts


def draw_dialogues(utterances: Iterable[Utterance], *, allow_speaker_overlap: bool) -> dict[str, str]:
    """Draw a split for a corpus that has none: a fifth of the utterances for testing, a tenth for validation.

    Dialogues that share a speaker stay together, so that a test speaker is never heard in training; validation keeps to
    that too where there are speakers enough. Of many draws the one whose label mix is nearest to the whole's is taken.
    The seed is fixed: the same corpus always gets the same split.

    Args:
        utterances: all of them, labelled.
        allow_speaker_overlap: draw dialogues whoever speaks in them.

    Returns:
        Dialogue -> train, validation or test.

    Raises:
        EmotionError: too few dialogues, or too few groups of dialogues that share no speaker.
    """
    mix: defaultdict[str, Counter[str]] = defaultdict(Counter)
    speakers: defaultdict[str, set[str]] = defaultdict(set)
    for row in utterances:
        mix[row.dialogue][row.label] += 1
        speakers[row.dialogue].add("" if allow_speaker_overlap else row.speaker)
    alone = [[dialogue] for dialogue in mix]
    groups = alone if allow_speaker_overlap else _together(speakers)
    if len(alone) < 3 or len(groups) < 2:
        raise EmotionError(
            f"cannot draw a split: {len(alone)} dialogues in {len(groups)} groups without a common speaker, expected 3 "
            f"in 2 or more; add a column split (and allow_speaker_overlap where speakers are in several of them)"
        )
    rng = np.random.default_rng(_SEED)
    test = set(_draw(groups, mix, 0.2, rng, leave=2))
    rest = [group for group in groups if not test.issuperset(group)]
    if len(rest) < 2:
        rest = [[dialogue] for group in rest for dialogue in group]
    validation = set(_draw(rest, mix, 0.125, rng, leave=1))  # of what is left: a tenth of all
    return {name: "test" if name in test else "validation" if name in validation else "train" for name in mix}


def check_leaks(utterances: Iterable[Utterance], *, allow_speaker_overlap: bool) -> None:
    """Make sure that no dialogue is in two splits, and that nobody in the test set was heard in training or validation.

    Raises:
        EmotionError: there is one; names it and its splits.
    """
    dialogues: defaultdict[str, set[str]] = defaultdict(set)
    speakers: defaultdict[str, set[str]] = defaultdict(set)
    for row in utterances:
        dialogues[row.dialogue].add(row.split)
        speakers[row.speaker].add(row.split)
    _refuse("dialogue", [(name, parts) for name, parts in dialogues.items() if len(parts) > 1], "mend the splits")
    if not allow_speaker_overlap:
        # Training and validation may share speakers, as in all splits of IEMOCAP: to choose an epoch is to train.
        heard = [(name, parts) for name, parts in speakers.items() if len(parts) > 1 and "test" in parts]
        mend = (
            "split by speakers, or allow it: --allow-speaker-overlap, in params.yaml index.allow_speaker_overlap: true"
        )
        _refuse("speaker", heard, mend)


def _refuse(what: str, leaks: list[tuple[str, set[str]]], mend: str) -> None:
    if leaks:
        name, parts = leaks[0]
        both = " and in ".join(part for part in SPLITS if part in parts)
        more = f" ({len(leaks) - 1} others too)" if len(leaks) > 1 else ""
        raise EmotionError(f"leak: {what} {name} is in {both}{more}; {mend}")


def _together(speakers: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of dialogues that share speakers, directly or through others, in the order of their first dialogue."""
    group_of: dict[str, list[str]] = {}  # speaker -> dialogues of the group
    for dialogue, names in speakers.items():
        joined = [dialogue]
        members = set(names)
        for group in {id(group_of[name]): group_of[name] for name in names if name in group_of}.values():
            joined = group + joined
            members |= {name for other in group for name in speakers[other]}
        group_of.update(dict.fromkeys(members, joined))
    order = {dialogue: number for number, dialogue in enumerate(speakers)}
    groups = {id(group): sorted(group, key=order.__getitem__) for group in group_of.values()}
    return sorted(groups.values(), key=lambda group: order[group[0]])


def _draw(
    groups: list[list[str]], mix: Mapping[str, Counter[str]], share: float, rng: np.random.Generator, *, leave: int
) -> list[str]:
    """Dialogues of some groups with about `share` of the utterances; at least `leave` dialogues stay."""
    labels = sorted({label for counts in mix.values() for label in counts})
    counts = np.array([[sum(mix[name][label] for name in group) for label in labels] for group in groups])
    sizes = np.array([len(group) for group in groups])
    wanted, best, chosen = share * counts.sum(0), np.inf, np.arange(0)
    for _ in range(_DRAWS):
        order = rng.permutation(len(groups))
        reached = int(np.searchsorted(counts[order].sum(1).cumsum(), wanted.sum())) + 1
        count = max(1, min(reached, len(groups) - 1))
        off = float(np.abs(counts[order[:count]].sum(0) - wanted).sum())
        if off < best and sizes[order[count:]].sum() >= leave:
            best, chosen = off, order[:count]
    return [name for number in sorted(chosen.tolist()) for name in groups[number]]


def _session(dialogue: str) -> int:
    match = re.match(r"Ses(\d\d)[FM]_", dialogue)
    if match is None:
        raise EmotionError(f"dialogue {dialogue!r}: no session in its name, expected e.g. Ses01F_impro01")
    return int(match[1])


def _drawn(sessions: Mapping[int, list[str]]) -> set[str]:
    drawn: set[str] = set()
    for session, names in sessions.items():
        count = max(1, round(len(names) / 10))
        drawn.update(np.random.default_rng([_SEED, session]).choice(names, size=count, replace=False).tolist())
    return drawn
