"""What can be held out of a corpus: sessions, or else groups of people; and groups of scenarios."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.corpus.identity import people
from emotion.corpus.utterance import Utterance, session_of

# IEMOCAP's three scripts, each with some of its eight improvisations.
_IEMOCAP = {
    1: ("script01", "impro01", "impro02", "impro03"),
    2: ("script02", "impro04", "impro05", "impro06"),
    3: ("script03", "impro07", "impro08"),
}
_KINDS = {"script": "scripted", "impro": "improvised"}
_SESSIONS = 5  # groups of people at most


def scenarios_of(rows: Iterable[Utterance]) -> dict[str, str]:
    """Dialogue -> its scenario.

    Raises:
        EmotionError: a dialogue has none, or several.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row.dialogue].add(row.scenario)
    for dialogue, names in found.items():
        if names == {""}:
            raise EmotionError(
                f"dialogue {quoted(dialogue)} has no scenario, but this split or protocol needs one of every "
                "dialogue; fill the column scenario, or choose another one"
            )
        if len(names) > 1:
            listed = shortened(", ".join(name or "none" for name in sorted(names)))
            raise EmotionError(
                f"dialogue {quoted(dialogue)} has several scenarios ({listed}), expected one; correct column scenario"
            )
    return {dialogue: next(iter(names)) for dialogue, names in found.items()}


def scenario_groups(rows: Sequence[Utterance]) -> dict[str, int]:
    """Scenario -> its group, 1, 2 or 3.

    IEMOCAP's are fixed: script01 with impro01 to impro03, script02 with impro04 to impro06, script03 with impro07 and
    impro08. The scenarios of other corpora are shared out so that the groups' numbers of utterances are as even as
    possible.

    Raises:
        EmotionError: a dialogue has no scenario or several, or all have the same one.
    """
    of = scenarios_of(rows)
    sizes = Counter(of[row.dialogue] for row in rows)
    if len(sizes) < 2:
        raise EmotionError(f"all dialogues have the scenario {quoted(next(iter(sizes), ''))}, expected two or more")
    fixed = {name: number for number, names in _IEMOCAP.items() for name in names}
    if sizes.keys() <= fixed.keys() and {fixed[name] for name in sizes} == set(_IEMOCAP):
        return {name: fixed[name] for name in sorted(sizes)}
    return even(sizes, len(_IEMOCAP))


def sessions_of(rows: Sequence[Utterance]) -> dict[str, str]:
    """Dialogue -> what is held out with it, so that whoever is tested was never heard.

    That is the session in its id where all ids have one as IEMOCAP writes it (`Ses01`); else one of up to five groups
    of dialogues that share no speaker (`people1`, ...), as even as possible; '' where everybody has met everybody.
    """
    sessions = {row.dialogue: session_of(row.dialogue) for row in rows}
    if "" not in sessions.values():
        return sessions
    heard: defaultdict[str, set[str]] = defaultdict(set)
    sizes: Counter[str] = Counter()
    for row, who in zip(rows, people(rows), strict=True):
        heard[row.dialogue].add(who)
        sizes[row.dialogue] += 1
    groups = {group[0]: group for group in together(heard)}
    if len(groups) < 2:
        return dict.fromkeys(sessions, "")
    place = even({first: sum(sizes[name] for name in group) for first, group in groups.items()}, _SESSIONS)
    return {name: f"people{place[first]}" for first, group in groups.items() for name in group}


def kind_of(scenario: str) -> str:
    """`scripted` or `improvised`, by the scenario's name as IEMOCAP writes it; '' where it says neither."""
    found = re.fullmatch(r"(script|impro)\d\d", scenario)
    return _KINDS[found[1]] if found else ""


def even(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Name -> its group, 1, 2, ... of `most`, of like size: the largest comes first, into what is smallest so far."""
    totals = dict.fromkeys(range(1, min(most, len(sizes)) + 1), 0)
    found = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        found[name] = min(totals, key=lambda number: (totals[number], number))
        totals[found[name]] += sizes[name]
    return found


def together(speakers: Mapping[str, set[str]]) -> list[list[str]]:
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
