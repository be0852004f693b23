"""Published splits by session, and leaks: a test speaker is never heard in training."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.corpus.identity import listed, people
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
_LISTS = {"paper": PAPER_VALIDATION, "cosmic": COSMIC_VALIDATION}
_SEED = 1
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
        raise EmotionError(f"split is {quoted(split)}, expected one of {', '.join(NAMES)}")
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
        _refuse("speaker", [(_spelled(spelled), parts) for spelled, parts in heard], remedy)


def _spelled(names: Counter[str]) -> str:
    return listed(names) if len(names) > 1 else next(iter(names))


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


def _drawn(sessions: Mapping[int, list[str]]) -> set[str]:
    drawn: set[str] = set()
    for session, names in sessions.items():
        count = max(1, round(len(names) / 10))
        drawn.update(np.random.default_rng([_SEED, session]).choice(names, size=count, replace=False).tolist())
    return drawn
