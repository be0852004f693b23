"""Splits: published ones by session, drawn ones for corpora that have none, and leaks: who is tested was never heard.

A drawn split is such that nobody who is tested is heard in training, and that every part has all classes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import counted, quoted, shortened
from emotion.corpus.identity import listed, people
from emotion.corpus.protocols import is_split
from emotion.corpus.scenarios import together
from emotion.corpus.utterance import SPLITS, Utterance

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
LISTS = {"paper": PAPER_VALIDATION, "cosmic": COSMIC_VALIDATION}
_SEED = 1
_DRAWS = 200
_MANY_SPEAKERS = 6  # from here on at least two speak in validation
_FEW = 3  # utterances of a class that each part should have
NAMES = (*LISTS, *(f"session{number}" for number in range(1, 6)))


def is_known(name: str) -> bool:
    """Whether `index.split` may be this."""
    return name in ("corpus", *NAMES) or is_split(name)


def split_dialogues(dialogues: Iterable[str], *, split: str) -> dict[str, str]:
    """Assign every dialogue, called like `Ses01F_impro01`, to train, validation or test.

    - `paper`, `cosmic`: test = session 5, validation = the dialogues listed above.
    - `session1` .. `session5`: test = that session; validation = a tenth of the dialogues (at least one) of each other
      session, drawn with a fixed seed of its own, so that it does not depend on which session is left out.

    Raises:
        EmotionError: unknown split, or one of the three would be empty.
    """
    if split not in NAMES:
        raise EmotionError(f"split is {quoted(split)}, expected one of {', '.join(NAMES)}")
    sessions: defaultdict[int, list[str]] = defaultdict(list)
    order = list(dict.fromkeys(dialogues))
    for dialogue in sorted(order):
        sessions[_session(dialogue)].append(dialogue)
    test = 5 if split in LISTS else int(split.removeprefix("session"))
    validation = set(LISTS.get(split, ()))
    for session, names in sessions.items() if split not in LISTS else ():
        count, rng = max(1, round(len(names) / 10)), np.random.default_rng([_SEED, session])
        validation.update(rng.choice(names, size=count, replace=False).tolist())
    parts = {dialogue: "validation" if dialogue in validation else "train" for dialogue in order}
    parts |= dict.fromkeys((dialogue for dialogue in order if _session(dialogue) == test), "test")
    for name in SPLITS:
        if name not in parts.values():
            raise EmotionError(
                f"split {split}: no dialogue for {name} among the {len(order)} found (session {test} is the test set); "
                f"complete the corpus or choose another split"
            )
    return parts


def draw_dialogues(utterances: Iterable[Utterance], *, allow_speaker_overlap: bool) -> dict[str, str]:
    """Draw a split for a corpus that has none: a fifth of the utterances for testing, a tenth for validation.

    Dialogues that share a speaker stay together (unless overlap is allowed), so that a test speaker is never heard in
    training; validation keeps to that too where there are speakers enough. With six speakers or more, two at least
    speak in validation. Of many draws the one whose label mix is nearest to the whole's is taken, of those that give
    every part three utterances of every class, if there are any. The seed is fixed: the same corpus always gets the
    same split.

    Raises:
        EmotionError: too few dialogues, or too few groups of dialogues that share no speaker.
    """
    mix: defaultdict[str, Counter[str]] = defaultdict(Counter)
    heard: defaultdict[str, set[str]] = defaultdict(set)
    rows = list(utterances)
    for row, who in zip(rows, people(rows), strict=True):
        mix[row.dialogue][row.label] += bool(row.label)
        heard[row.dialogue].add(who)
    alone = [[dialogue] for dialogue in mix]
    groups = alone if allow_speaker_overlap else together(heard)
    if len(alone) < 3 or len(groups) < 2:
        raise EmotionError(
            f"cannot draw a split: {counted(len(alone), 'dialogues')} in {counted(len(groups), 'groups')} without a "
            "common speaker, expected 3 dialogues and 2 groups or more, so that nobody who is tested is heard in "
            "training; add recordings of other people, or a column split "
            "(and set index.allow_speaker_overlap to true where a speaker is in several parts)"
        )
    many = len(set().union(*heard.values())) >= _MANY_SPEAKERS
    rng = np.random.default_rng(_SEED)
    test = set(_draw(groups, mix, heard, 0.2, rng, parts=2, speakers=1, others=4 if many else 1))
    rest = [group for group in groups if not test.issuperset(group)]
    if len(rest) < 2:
        rest = [[dialogue] for group in rest for dialogue in group]
    # Of what is left: a tenth of all.
    validation = set(_draw(rest, mix, heard, 0.125, rng, parts=1, speakers=2 if many else 1, others=1))
    return {name: "test" if name in test else "validation" if name in validation else "train" for name in mix}


def _draw(
    groups: list[list[str]],
    mix: Mapping[str, Counter[str]],
    heard: Mapping[str, set[str]],
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
    who = [{name for dialogue in group for name in heard[dialogue]} for group in groups]
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


def check_leaks(utterances: Iterable[Utterance], *, allow_speaker_overlap: bool) -> None:
    """Make sure that no dialogue is in two splits, and that nobody in the test set was heard in training or validation.

    Names of speakers that differ in form only (`03` and `3`) are taken for one person. A recording must not be in two
    splits with the same times either, under whatever ids.

    Raises:
        EmotionError: there is one; names it, its splits and its spellings.
    """
    dialogues: defaultdict[str, set[str]] = defaultdict(set)
    speakers: defaultdict[str, set[str]] = defaultdict(set)
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spans: defaultdict[tuple[str, float, float], set[str]] = defaultdict(set)
    rows = list(utterances)
    for row, who in zip(rows, people(rows), strict=True):
        dialogues[row.dialogue].add(row.split)
        speakers[who].add(row.split)
        names[who][row.speaker] += 1
        for medium in {row.audio, row.video} - {""}:
            spans[medium, row.start, row.end].add(row.split)
    _refuse("dialogue", [(name, parts) for name, parts in dialogues.items() if len(parts) > 1], "fix the splits")
    twice = [
        (f"{name} from {one:g} to {end:g} s", parts) for (name, one, end), parts in spans.items() if len(parts) > 1
    ]
    remedy = "keep one of the rows, or give each its own start and end, or all of them the same dialogue"
    _refuse("recording", twice, remedy)
    if not allow_speaker_overlap:
        # Training and validation may share speakers, as in all splits of IEMOCAP: to choose an epoch is to train.
        heard = [(names[who], parts) for who, parts in speakers.items() if len(parts) > 1 and "test" in parts]
        remedy = (
            "split by speakers, or allow it: --allow-speaker-overlap, in params.yaml index.allow_speaker_overlap: true"
        )
        if heard and len(heard[0][0]) > 1:
            remedy = f"write the name in one way, and {remedy}"
        spelled = [listed(some) if len(some) > 1 else next(iter(some)) for some, _ in heard]
        _refuse("speaker", [(name, parts) for name, (_, parts) in zip(spelled, heard, strict=True)], remedy)


def _refuse(what: str, leaks: list[tuple[str, set[str]]], remedy: str) -> None:
    if leaks:
        name, parts = leaks[0]
        both = " and in ".join(part for part in SPLITS if part in parts)
        more = f" ({len(leaks) - 1} others too)" if len(leaks) > 1 else ""
        raise EmotionError(f"leak: {what} {shortened(name)} is in {both}{more}; {remedy}")


def _session(dialogue: str) -> int:
    match = re.match(r"Ses(\d\d)[FM]_", dialogue)
    if match is None:
        raise EmotionError(f"dialogue {quoted(dialogue)}: no session in its name, expected e.g. Ses01F_impro01")
    return int(match[1])
