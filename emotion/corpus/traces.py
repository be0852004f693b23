"""What programs did to a table before it came here: cells that broke, names that became dates, text left encoded."""

import html
import re
from collections import Counter
from collections.abc import Sequence

from emotion.corpus.identity import listed
from emotion.corpus.reading import Finding, Kind, findings
from emotion.corpus.utterance import Utterance

BROKEN = Kind.error(
    "name{s} that {is an error|are errors} of a spreadsheet",
    "repair their formulas and save the table again; leave the cell empty where there is no label or no speaker",
)
LOST = Kind.error(
    "name{s} with letters that were lost (U+FFFD)",
    "nobody can tell whose they are: save the table again from its source, in UTF-8",
)
DATES = Kind.warning(
    "name{s} that a spreadsheet seems to have turned into {a date or number|dates or numbers}",
    "write them as they were, in cells of the format text",
)
ENTITIES = Kind.warning("text{s} with HTML entities", "write the characters: encoders read `&amp;` as it stands")
ASCII_CODES = Kind.warning(
    "text{s} that {seems|seem} to be encoded in HZ or UTF-7",
    "they are read as they stand: set index.encoding (--encoding) to hz or utf-7 if they are",
)

_COLUMNS = ("utterance", "dialogue", "speaker", "label")
_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA|BEZUG!|WERT!|NV)")
_LOST = re.compile(".*\ufffd.*", re.DOTALL)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE = re.compile(
    rf"[0-9]{{1,2}}-{_MONTH}(?:-[0-9]{{2,4}})?|{_MONTH}-[0-9]{{2}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} 00:00:00"
    r"|[0-9](?:[.,][0-9]+)?e\+[0-9]{2,3}",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_HZ = re.compile(r"~\{(?:[!-}][!-~])+~\}")
_UTF7 = re.compile(r"\+(?=[a-z0-9+/]*[A-Z])[A-Za-z0-9+/]{3,}-")  # of small letters alone it may be a word


def trace_findings(rows: Sequence[Utterance]) -> list[Finding]:
    """Names and texts of a table that are not what somebody wrote, each kind with its places."""
    # Who names by date does it always: such names are odd in columns that have others too.
    mixed = [column for column in _COLUMNS if any(not _DATE.fullmatch(getattr(row, column)) for row in rows)]
    entities = [
        row.utterance for row in rows if any(html.unescape(found) != found for found in _ENTITY.findall(row.text))
    ]
    return findings(
        (BROKEN, _names(rows, _ERROR, _COLUMNS)),
        (LOST, _names(rows, _LOST, _COLUMNS[1:])),
        (DATES, _names(rows, _DATE, mixed)),
        (ENTITIES, entities),
        (ASCII_CODES, [row.utterance for row in rows if row.text.isascii() and _is_encoded(row.text)]),
    )


def _names(rows: Sequence[Utterance], wrong: re.Pattern[str], columns: Sequence[str]) -> list[str]:
    """Wrong names by column, with how often they occur; a name that stands for an absent one is counted once."""
    seen: set[str] = set()
    found = []
    for column in columns:
        names = Counter(name for name in (getattr(row, column) for row in rows) if wrong.fullmatch(name))
        found += [f"{column} {listed(Counter({name: n}))}" for name, n in names.items() if name not in seen]
        seen.update(names)
    return found


def _is_encoded(text: str) -> bool:
    """Whether every marked part of an ASCII text is text of HZ or UTF-7: letters beyond ASCII in it, nothing else."""
    for marked, codec in ((_HZ, "hz"), (_UTF7, "utf-7")):
        parts = [found[0] for found in marked.finditer(text)]
        if parts and all(_letters(part, codec) for part in parts):
            return True
    return False


def _letters(part: str, codec: str) -> bool:
    try:
        decoded = part.encode("ascii").decode(codec)
    except UnicodeError:
        return False
    return bool(decoded) and all(not char.isascii() and char.isprintable() for char in decoded)
