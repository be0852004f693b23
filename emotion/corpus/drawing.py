"""A split for a corpus that has none, drawn so that nobody who is tested was heard and every part has all classes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import counted
from emotion.corpus.identity import people as speaking
from emotion.corpus.utterance import Utterance

_SEED = 1
_DRAWS = 200
_MANY_SPEAKERS = 6  # from here on at least two speak in validation
_FEW = 3  # utterances of a class that each part should have


def draw_dialogues(utterances: Iterable[Utterance], *, allow_speaker_overlap: bool) -> dict[str, str]:
    """Draw a split for a corpus that has none: a fifth of the utterances for testing, a tenth for validation.

    Dialogues that share a speaker stay together, so that a test speaker is never heard in training; validation keeps to
    that too where there are speakers enough. With six speakers or more, two at least speak in validation. Of many draws
    the one whose label mix is nearest to the whole's is taken, of those that give every part
    three utterances of every class, if there are any. The seed is fixed: the same corpus always gets the same split.

    Args:
        utterances: all of them, labelled.
        allow_speaker_overlap: draw dialogues whoever speaks in them.

    Returns:
        Dialogue -> train, validation or test.

    Raises:
        EmotionError: too few dialogues, or too few groups of dialogues that share no speaker.
    """
    mix: defaultdict[str, Counter[str]] = defaultdict(Counter)
    people: defaultdict[str, set[str]] = defaultdict(set)
    rows = list(utterances)
    for row, who in zip(rows, speaking(rows), strict=True):
        mix[row.dialogue][row.label] += 1
        people[row.dialogue].add(who)
    alone = [[dialogue] for dialogue in mix]
    groups = alone if allow_speaker_overlap else _together(people)
    if len(alone) < 3 or len(groups) < 2:
        raise EmotionError(
            f"cannot draw a split: {counted(len(alone), 'dialogues')} in {counted(len(groups), 'groups')} without a "
            f"common speaker, expected 3 in 2 or more; add a column split "
            f"(and allow_speaker_overlap where speakers are in several of them)"
        )
    many = len(set().union(*people.values())) >= _MANY_SPEAKERS
    rng = np.random.default_rng(_SEED)
    test = set(_draw(groups, mix, people, 0.2, rng, parts=2, speakers=1, others=4 if many else 1))
    rest = [group for group in groups if not test.issuperset(group)]
    if len(rest) < 2:
        rest = [[dialogue] for group in rest for dialogue in group]
    # Of what is left: a tenth of all.
    validation = set(_draw(rest, mix, people, 0.125, rng, parts=1, speakers=2 if many else 1, others=1))
    return {name: "test" if name in test else "validation" if name in validation else "train" for name in mix}


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
    groups: list[list[str]],
    mix: Mapping[str, Counter[str]],
    people: Mapping[str, set[str]],
    share: float,
    rng: np.random.Generator,
    *,
    parts: int,
    speakers: int,
    others: int,
) -> list[str]:
    """Dialogues of some groups with about `share` of the utterances; at least `parts` dialogues stay.

    `speakers` people at least speak in what is drawn and, if that can be, `others` in what stays for `parts` parts.
    """
    labels = sorted({label for counts in mix.values() for label in counts})
    counts = np.array([[sum(mix[name][label] for name in group) for label in labels] for group in groups])
    sizes = np.array([len(group) for group in groups])
    who = [{name for dialogue in group for name in people[dialogue]} for group in groups]
    whole = counts.sum(0)
    wanted = np.minimum(whole // (parts + 1), _FEW)  # of each class in each part
    best, chosen = (np.inf, np.inf, np.inf), np.arange(0)
    for _ in range(_DRAWS):
        order = rng.permutation(len(groups))
        size = counts[order].sum(1).cumsum()
        nearest = int(np.abs(size - share * size[-1]).argmin()) + 1
        count = min(max(nearest, _met(who, order, speakers)[0]), len(groups) - 1)
        drawn, stay = counts[order[:count]].sum(0), order[count:]
        short = np.maximum(wanted - drawn, 0).sum() + np.maximum(parts * wanted - (whole - drawn), 0).sum()
        lack = others - _met(who, stay, others)[1]
        value = (float(lack), float(short), float(np.abs(drawn - share * whole).sum()))
        if value < best and sizes[stay].sum() >= parts:
            best, chosen = value, order[:count]
    return [name for number in sorted(chosen.tolist()) for name in groups[number]]


def _met(who: Sequence[set[str]], order: Sequence[int] | np.ndarray, wanted: int) -> tuple[int, int]:
    """How many groups, in their order, it takes to meet `wanted` people; and how many were met, at most `wanted`."""
    met: set[str] = set()
    for number, group in enumerate(order, start=1):
        met |= who[group]
        if len(met) >= wanted:
            return number, wanted
    return len(order), len(met)
