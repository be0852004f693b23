"""Names that differ in form only: `03` and `3`, `Anna` and `anna `, `spk_3` and `spk-03`, wide and plain letters."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from emotion.core.text import quoted
from emotion.corpus.decoding import repair
from emotion.corpus.utterance import Utterance

_LEADING_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")
_WHOLE = re.compile(r"(?<=[0-9])\.0+$")
_JOINT = re.compile(r"(?<=[^\W_])[\s_\-\u2010-\u2015\u2212]+(?=[^\W_])")  # of parts; the minus of -1 is none
_NO_DIGITS = re.compile(r"(?<![0-9])_|_(?![0-9])")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4`", "'"))
_SHOWN = 40  # characters of a name


@lru_cache(maxsize=1 << 16)
def folded(name: str) -> str:
    """What is left of a name without what nobody tells people apart by.

    That is case, blanks, `_` and `-` between its parts (between digits one `_` stays: `1-1` is not `11`), leading
    zeros, a trailing `.0`, characters that cannot be seen, forms of the apostrophe, UTF-8 that was read as cp1252 and
    Unicode's compatibility forms.
    """
    if not name.isascii():
        name = repair(name).translate(_APOSTROPHES)
        name = unicodedata.normalize("NFKC", "".join(char for char in name if unicodedata.category(char) != "Cf"))
    plain = unicodedata.normalize("NFKC", name.casefold())
    parts = _NO_DIGITS.sub("", _JOINT.sub("_", plain))
    return _WHOLE.sub("", _LEADING_ZEROS.sub("", "".join(parts.split())))


def people(rows: Sequence[Utterance]) -> list[str]:
    """Who speaks in each row, however the name is spelled.

    A dialogue stands for the speaker of a row that has none, and ids are compared as they are: a name that is the
    dialogue's is a person's only if another row says so.
    """
    named = {folded(row.speaker) for row in rows if row.speaker != row.dialogue}
    return [
        row.speaker if row.speaker == row.dialogue and folded(row.speaker) not in named else folded(row.speaker)
        for row in rows
    ]


def spellings(names: Iterable[str]) -> list[Counter[str]]:
    """Groups of names that differ in form only: spelling -> how often; names with one spelling are left out."""
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, count in Counter(names).items():
        groups[folded(name)][name] = count
    return [group for group in groups.values() if len(group) > 1]


def listed(counts: Counter[str]) -> str:
    """Names with how often they occur, e.g. `'03' (6), '3' (5)`."""
    return ", ".join(f"{quoted(name, most=_SHOWN)} ({count})" for name, count in counts.most_common())
