"""Columns of a table by their names: ours in any capitals, or the table's own by a file `columns.yaml` beside it.

emotion: label      # own name: our name
sentence: text
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.settings import read_yaml
from emotion.core.text import quoted, shortened
from emotion.corpus.cells import folded
from emotion.corpus.utterance import COLUMNS

FILE = "columns.yaml"
_OTHERS = ("columns.yml", FILE)  # also in capitals


def own_names(root: Path) -> dict[str, str]:
    """What `columns.yaml` of a folder says: own name (folded) -> our name; {} where there is none.

    Raises:
        EmotionError: it is no mapping of names to our names, or gives one of ours twice.
    """
    path = root / FILE
    if not path.exists():
        for other in sorted(root.iterdir()):
            if other.name.casefold() in _OTHERS:
                raise EmotionError(f"{other}: is not read under this name; rename it to {FILE}")
        return {}
    content = read_yaml(path)
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise EmotionError(f"{path}: holds {quoted(content)}, expected lines OWN NAME: OUR NAME, e.g. emotion: label")
    names: dict[str, str] = {}
    for own, ours in content.items():
        target = folded(str(ours))
        if not isinstance(own, str):
            raise EmotionError(f"{path}: {quoted(own)} is read as no text; write the name in quotes, as in the table")
        if target not in COLUMNS:
            raise EmotionError(f"{path}: {quoted(own)} stands for {quoted(ours)}, {_expected(str(own), target)}")
        if target in names.values():
            raise EmotionError(f"{path}: column {target} is given twice; remove one")
        names[folded(str(own))] = target
    return names


def match(header: Sequence[str], names: Mapping[str, str], path: Path) -> tuple[dict[str, int], list[str]]:
    """Which columns of a header are ours; `names` is what `own_names` gives.

    Returns:
        Our name -> number of the column, and the names of all others that have one.

    Raises:
        EmotionError: a name of `columns.yaml` is not there, utterance or label is missing, or one of ours is there
            twice.
    """
    keys = [folded(name) for name in header]
    absent = [own for own in names if own not in keys]
    if absent:
        raise EmotionError(
            f"{path.parent / FILE}: names column {quoted(absent[0])}, but {path.name} has {listed(header)}; "
            "write the name as it stands there"
        )
    given = set(names.values())
    ours: dict[str, int] = {}
    others: list[str] = []
    for number, key in enumerate(keys):
        target = names.get(key, key if key not in given else "")
        if target not in COLUMNS:
            others += [header[number]] if key else []
        elif target in ours:
            raise EmotionError(
                f"{path}: column {target} is there twice ({quoted(header[ours[target]])}, {quoted(header[number])}); "
                "rename one"
            )
        else:
            ours[target] = number
    missing = [name for name in ("utterance", "label") if name not in ours]
    if missing:
        raise EmotionError(
            f"{path}: no column {', '.join(missing)}; its columns are {listed(header)}; rename one, or write "
            f"{FILE} beside it with a line OWN NAME: {missing[0]}"
        )
    return ours, others


def listed(names: Sequence[str]) -> str:
    """The first names of a header."""
    named = [shortened(name, most=40) for name in names if name.strip()]
    more = f" and {len(named) - 12} more" if len(named) > 12 else ""
    return ", ".join(named[:12]) + more


def _expected(own: str, target: str) -> str:
    if folded(own) in COLUMNS:
        return f"expected the table's own name first: did you mean {shortened(target, most=40)}: {folded(own)}?"
    near = difflib.get_close_matches(target[:40], COLUMNS, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(COLUMNS)}"
