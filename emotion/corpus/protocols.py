"""What is held out, so that neither who is tested nor what is played was met in training.

              held-out session              other sessions
              tested    others              play what is tested    others
session       test      test                train                  train
scenario      test      left out            left out               train
random        test      left out            as many dialogues are left out, whatever they play

So the scores of `random` less those of `scenario` are what knowing the play is worth, and those of `session` less those
of `random` what more training data are worth.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from emotion.core.errors import EmotionError
from emotion.corpus.scenarios import scenario_groups, scenarios_of, sessions_of
from emotion.corpus.utterance import Utterance

NAMES = "session1_scenario1 .. session5_scenario3, session1_random1 .. session5_random3"
"""Splits of this file, for messages."""
_SPLIT = re.compile(r"session([1-5])_(scenario|random)([1-3])")
_SEED = 1


class Held(NamedTuple):
    """What is tested: a session ('' = all), and of it the dialogues that play the scenarios of a group.

    Attributes:
        session: see `sessions_of`.
        protocol: `scenario` or `random`, see above.
        group: see `scenario_groups`.
    """

    session: str
    protocol: str
    group: int

    def __str__(self) -> str:
        """E.g. `Ses01-scenario2`."""
        return "-".join(filter(None, (self.session, f"{self.protocol}{self.group}")))


def is_split(name: str) -> bool:
    """Whether a split leaves scenarios out, or as many dialogues at random, e.g. `session5_scenario2`."""
    return _SPLIT.fullmatch(name) is not None


def split_apart(rows: Sequence[Utterance], *, split: str) -> dict[str, str]:
    """Dialogue -> train, validation, test, or '' = left out; `split` is one of `NAMES`.

    A tenth of what is left for training is for validation, drawn with a fixed seed.

    Raises:
        EmotionError: there is no such session or group, a dialogue has no scenario, or nothing is left for a part.
    """
    number, protocol, group = _SPLIT.fullmatch(split).groups()  # type: ignore[union-attr]  # see is_split
    sessions = sorted(set(sessions_of(rows).values()))
    named = [name for name in sessions if re.fullmatch(rf"(Ses0|people){number}", name)]
    if not named and sessions != [""]:
        raise EmotionError(f"split {split}: no session {number}, there are {', '.join(sessions)}; choose one of these")
    parts = hold_out(rows, Held(named[0] if named else "", protocol, int(group)))
    for part in ("train", "test"):
        if part not in parts.values():
            raise EmotionError(f"split {split}: no dialogue for {part}; choose another session or group")
    return parts


def folds(rows: Sequence[Utterance], *, protocol: str) -> list[Held]:
    """Every session with every group of scenarios of which it has a dialogue.

    Raises:
        EmotionError: a dialogue has no scenario or several.
    """
    groups, of, sessions = scenario_groups(rows), scenarios_of(rows), sessions_of(rows)
    tested = {(session, groups[of[dialogue]]) for dialogue, session in sessions.items()}
    return [Held(session, protocol, group) for session, group in sorted(tested)]


def hold_out(rows: Sequence[Utterance], held: Held, *, validation: Collection[str] = ()) -> dict[str, str]:
    """Dialogue -> train, validation, test, or '' = left out.

    What is tested is left out of validation too, since the epoch is chosen there. The control leaves as many dialogues
    out of training, and as many out of validation.

    Args:
        rows: of the corpus.
        held: what is held out.
        validation: dialogues that are for validation where they are not left out; where none of them is kept a tenth
            of the others is drawn with a fixed seed.

    Raises:
        EmotionError: a dialogue has no scenario or several, or the control has no other people to train on.
    """
    groups, of, sessions = scenario_groups(rows), scenarios_of(rows), sessions_of(rows)
    if held.protocol == "random" and not held.session:
        raise EmotionError(
            "the control leaves dialogues of other people out, but all dialogues here share their speakers, directly "
            "or through others; use scenario alone"
        )
    alike = {dialogue for dialogue in of if groups[of[dialogue]] == held.group}
    own = {dialogue for dialogue, session in sessions.items() if session in ("", held.session)}
    others = [name for name in sorted(of) if name not in own or not sessions[name]]
    parts = dict.fromkeys(of, "") | dict.fromkeys(own & alike, "test")
    rng = np.random.default_rng([_SEED, sorted(set(sessions.values())).index(held.session), held.group])
    kept: dict[str, list[str]] = {}
    for part in ("train", "validation"):
        here = [name for name in others if (name in validation) == (part == "validation")]
        left = [name for name in here if name not in alike]
        if held.protocol == "random":
            left = sorted(rng.choice(here, size=len(left), replace=False).tolist()) if left else []
        kept[part] = left
    if not kept["validation"]:
        kept["validation"] = tenth(kept["train"])
    return parts | dict.fromkeys(kept["train"], "train") | dict.fromkeys(kept["validation"], "validation")


def tenth(dialogues: Sequence[str]) -> list[str]:
    """A tenth of them, one at least, drawn with a fixed seed; [] of none."""
    count = min(len(dialogues), max(1, round(len(dialogues) / 10)))
    found: list[str] = np.random.default_rng(_SEED).choice(sorted(dialogues), size=count, replace=False).tolist()
    return found
