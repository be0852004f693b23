"""Names as people type them, made comparable: Unicode in its composed form (NFC), one blank between words."""

import re
import unicodedata

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable, printable, quoted
from emotion.corpus.text import repair

LONGEST = 300  # characters of an id, a label or a speaker
_WIDTHLESS = re.compile("[\u200b\u2060\ufeff]+")  # blanks without width: nobody can see them
_BLANKS = re.compile(r"[ \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def tidy(value: str) -> str:
    """A value without blanks around it, with one between its words, in NFC; line ends and tabs inside it stay."""
    value = value.strip(" \t\r\n")
    if value.isascii() and "  " not in value:
        return value
    return _BLANKS.sub(" ", _WIDTHLESS.sub("", unicodedata.normalize("NFC", value))).strip(" \t\r\n")


def folded(name: str) -> str:
    """What two names have in common that differ in capitals and blanks only."""
    return tidy(name).casefold()


def checked_name(value: str, column: str, place: str) -> str:
    """An id, a label, a speaker or the like, tidied.

    Raises:
        EmotionError: it has control characters, line ends or marks of direction, or is no name by its length.
    """
    name = tidy(value)
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
