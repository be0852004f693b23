"""Cells of a table as values: names and texts as people type them, times as spreadsheets write them, turns, choices.

Names are made comparable: Unicode in its composed form (NFC), one blank between words.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable, printable, quoted
from emotion.corpus.decoding import repair
from emotion.corpus.reading import Kind

REPAIRED = Kind.fact("text{s} with cp1252 leftovers, repaired")
LONGEST = 300  # characters of an id, a label or a speaker
TIMES = "seconds such as 12.5 or 12,5, or h:mm:ss.f or mm:ss.f"
_WIDTHLESS = re.compile("[\u200b\u2060\ufeff]+")  # blanks without width: nobody can see them
_BLANKS = re.compile(r"[ \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_SECONDS = re.compile(r"([0-9]{1,15}(?:[.,][0-9]{0,15})?(?:[eE][+-]?[0-9]{1,2})?)\s*(ms|s|sec|seconds)?")
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,5}):([0-9]{1,2}(?:[.,][0-9]{0,9})?)")
_TURN = re.compile(r"([0-9]{1,9})(?:[.,]0*)?")  # 1.0: what a spreadsheet makes of 1 where a cell above is empty
_SPLITS = {"dev": "validation", "valid": "validation", "val": "validation", "training": "train", "testing": "test"}
_GENDERS = {"f": "F", "female": "F", "w": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}


def tidy(value: str) -> str:
    """A value without blanks around it, with one between its words, in NFC; line ends and tabs inside it stay."""
    value = value.strip(" \t\r\n")
    if value.isascii() and "  " not in value:
        return value
    return _BLANKS.sub(" ", _WIDTHLESS.sub("", unicodedata.normalize("NFC", value))).strip(" \t\r\n")


def folded(name: str) -> str:
    """What two names have in common that differ in capitals and blanks only."""
    return tidy(name).casefold()


def checked_name(row: Mapping[str, str], column: str, place: str) -> str:
    """An id, a label, a speaker or the like, tidied.

    Raises:
        EmotionError: it has control characters, line ends or marks of direction, or is no name by its length.
    """
    name = tidy(row[column])
    if not is_printable(name):
        raise EmotionError(
            f"{place}: {column} is {quoted(name)}, expected one line without control characters and marks of direction"
        )
    if len(name) > LONGEST:
        raise EmotionError(
            f"{place}: {column} is {quoted(name, most=40)}, expected {LONGEST} characters or fewer; "
            "is it a text? Then it belongs in column text"
        )
    return name


def tidy_text(text: str) -> tuple[str, bool, bool]:
    """What is said, on one line: leftovers of cp1252 repaired, in NFC, without control characters.

    Returns:
        The text, whether something was repaired in it, whether characters were dropped.
    """
    repaired = repair(text)
    line = " ".join(_WIDTHLESS.sub("", unicodedata.normalize("NFC", repaired)).split())
    if is_printable(line):
        return line, repaired != text, False
    kept = " ".join("".join(char for char in line if char == " " or printable(char) == char).split())
    return kept, repaired != text, True


def seconds(text: str) -> float | None:
    """A time in s; None where it is none."""
    plain = _SECONDS.fullmatch(text)
    if plain:
        value = float(plain[1].replace(",", "."))
        return value / 1000 if plain[2] == "ms" else value
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    hours, minutes, rest = int(clock[1] or 0), int(clock[2]), float(clock[3].replace(",", "."))
    if rest >= 60 or (clock[1] and minutes >= 60):
        return None
    return 3600 * hours + 60 * minutes + rest


def time(row: Mapping[str, str], column: str, place: str) -> float | None:
    """The time in a column, None where the cell is empty.

    Raises:
        EmotionError: it is no time.
    """
    value = seconds(row[column])
    if value is None and row[column]:
        raise EmotionError(f"{place}: {column} is {quoted(row[column])}, expected {TIMES}")
    return value


def check_commas(rows: Sequence[tuple[str, Mapping[str, str]]], column: str) -> None:
    """Refuse a column in which a comma may stand for thousands: 1,234 beside 950.

    Raises:
        EmotionError: names the first such cell.
    """
    cells = [(place, row[column]) for place, row in rows if row[column]]
    commas = [(place, text) for place, text in cells if "," in text]
    thousands = commas and all(re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", text) for _, text in commas)
    if thousands and any("," not in text and ":" not in text and text != "0" for _, text in cells):
        place, text = commas[0]
        raise EmotionError(
            f"{place}: {column} is {quoted(text)} where other rows have no comma, expected {TIMES}; does the comma "
            "stand for thousands? Leave it out"
        )


def turn(row: Mapping[str, str], place: str) -> int | None:
    """The position in column turn, None where the cell is empty.

    Raises:
        EmotionError: it is no whole number.
    """
    found = _TURN.fullmatch(row["turn"])
    if found is None and row["turn"]:
        raise EmotionError(f"{place}: turn is {quoted(row['turn'])}, expected a whole number >= 0")
    return int(found[1]) if found else None


def choice(row: Mapping[str, str], column: str, names: Sequence[str], place: str) -> str:
    """One of a few words, '' where the cell is empty.

    Raises:
        EmotionError: it is none of them.
    """
    value = folded(row[column])
    value = _SPLITS.get(value, value)
    if value and value not in names:
        raise EmotionError(f"{place}: {column} is {quoted(row[column])}, expected one of {', '.join(names)}")
    return value


def gender(row: Mapping[str, str], place: str) -> str:
    """F or M for the usual words for them; other words stay as they are."""
    value = checked_name(row, "gender", place)
    return _GENDERS.get(value.casefold(), value)
