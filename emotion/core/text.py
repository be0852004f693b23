"""Text of strangers made safe to print: control characters, line ends and direction marks escaped, length bounded."""

import codecs
import unicodedata

QUOTED = 200  # characters of a foreign value that a message shows
CODECS = "the name of an encoding: utf-8, cp1252, gbk, big5, shift_jis, euc_kr, koi8-r, ..."
_NO_TEXT = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_SINGULAR = (("ies", "y"), ("classes", "class"), ("s", ""))
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, format (bidi marks among them), surrogates, line ends
_WITHOUT_HARM = {"\u200c", "\u200d", "\u00ad"}  # joiners of Persian, Hindi and emoji; soft hyphen


def is_printable(text: str) -> bool:
    """Whether a text has no character that could move a cursor, end a line or turn the direction of what follows."""
    return text.isprintable() or not any(map(_harmful, text))


def printable(text: str) -> str:
    r"""The text with every harmful character escaped, e.g. `\x1b` or `\u202e`; others stay as they are."""
    if text.isprintable():
        return text
    return "".join(char.encode("unicode_escape").decode("ascii") if _harmful(char) else char for char in text)


def quoted(value: object, *, most: int = QUOTED) -> str:
    """A foreign value for a message: like `repr`, printable, and cut where it is longer than `most` characters."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4 * most:
        return f"a number of more than {most} digits"
    if isinstance(value, str):
        text, size = repr(value[: most + 1]), len(value)
    else:
        try:
            text = repr(value)
        except Exception:  # any class may have a __repr__ of its own
            text = f"<{type(value).__name__}>"
        size = len(text)
    return printable(text if size <= most else f"{text[:most]}... ({size} characters)")


def shortened(text: str, *, most: int = QUOTED) -> str:
    """One printable line of a library's message, cut where it is longer than `most` characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= most else f"{line[:most]}..."


def counted(number: int, things: str) -> str:
    """A number and what it counts, e.g. `2 errors`, `1 error`, `1 class`; `things` in the plural, a regular one."""
    if number == 1:
        things = next((things.removesuffix(many) + one for many, one in _SINGULAR if things.endswith(many)), things)
    return f"{number} {things}"


def is_text_codec(name: str) -> bool:
    """Whether Python knows an encoding of text files by this name."""
    if not name.isascii() or not 0 < len(name) <= 40 or not name.isprintable():
        return False
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return False
    return codec._is_text_encoding and codec.name.replace("-", "_") not in _NO_TEXT


def _harmful(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE and char not in _WITHOUT_HARM
