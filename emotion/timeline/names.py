"""Texts and names as the timeline holds them: what any of its formats can give back unchanged."""

import re
import unicodedata

from emotion.core.text import is_printable, printable

_UNSEEN = re.compile("[\u200b\u2060\ufeff\ufffe\uffff]")  # blanks without width, and what XML cannot hold
_LINE_ENDS = re.compile("\r\n|\r|\n")


def one_line(text: str) -> str:
    """What is said, on one line: Unicode's composed form (NFC), one blank between words, no control characters."""
    while (tidy := _tidied(text)) != text:  # what is dropped may bring a letter and its accent together
        text = tidy
    return text


def clean_name(name: str) -> str:
    """A name like `one_line`, but its line ends stay; empty lines do not."""
    return "\n".join(line for line in map(one_line, _LINE_ENDS.split(name)) if line)


def _tidied(text: str) -> str:
    line = " ".join(_UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())
    if is_printable(line):
        return line
    return "".join(char for char in line if printable(char) == char)
