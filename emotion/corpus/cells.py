"""Cells of a table as values: times as people and spreadsheets write them, turns, words of a list."""

import re
from collections.abc import Mapping, Sequence

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.names import folded

TIMES = "seconds such as 12.5 or 12,5, or h:mm:ss.f or mm:ss.f"
_SECONDS = re.compile(r"([0-9]{1,15}(?:[.,][0-9]{0,15})?(?:[eE][+-]?[0-9]{1,2})?)\s*(ms|s|sec|seconds)?")
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,5}):([0-9]{1,2}(?:[.,][0-9]{0,9})?)")
_TURN = re.compile(r"([0-9]{1,9})(?:[.,]0*)?")  # 1.0: what a spreadsheet makes of 1 where a cell above is empty
_GENDERS = {"f": "F", "female": "F", "w": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}


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
    text = row.get(column, "")
    if not text:
        return None
    value = seconds(text)
    if value is None:
        raise EmotionError(f"{place}: {column} is {quoted(text)}, expected {TIMES}")
    return value


def check_commas(rows: Sequence[tuple[str, Mapping[str, str]]], column: str) -> None:
    """Refuse a column in which a comma may stand for thousands: 1,234 beside 950.

    Raises:
        EmotionError: names the first such cell.
    """
    cells = [(place, row[column]) for place, row in rows if row.get(column)]
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
    text = row.get("turn", "")
    if not text:
        return None
    found = _TURN.fullmatch(text)
    if found is None:
        raise EmotionError(f"{place}: turn is {quoted(text)}, expected a whole number >= 0")
    return int(found[1])


def choice(
    row: Mapping[str, str], column: str, names: Sequence[str], place: str, *, synonyms: Mapping[str, str]
) -> str:
    """One of a few words, '' where the cell is empty.

    Raises:
        EmotionError: it is none of them.
    """
    value = folded(row.get(column, ""))
    value = synonyms.get(value, value)
    if value and value not in names:
        raise EmotionError(f"{place}: {column} is {quoted(row[column])}, expected one of {', '.join(names)}")
    return value


def gender(value: str) -> str:
    """F or M for the usual words for them; other words stay as they are."""
    return _GENDERS.get(value.casefold(), value)
