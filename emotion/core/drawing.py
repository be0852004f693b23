"""What all pictures share: PNG bytes that depend on the figure only, and names in any writing.

A name is drawn in matplotlib's own font where that has its letters, else in the first installed font that has them; one
that no font has becomes a number.
"""

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib import font_manager, ft2font
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from emotion.core import logs
from emotion.core.text import printable, quoted

LONGEST = 28  # characters of a class's name
_SHOWN = 20  # names that one message lists
_SHAPED = hasattr(ft2font, "__libraqm_version__")  # matplotlib joins and turns letters where a script asks for it
_JOINED = (0x0590, 0x109F), (0x1780, 0x17FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF)
"""Hebrew and Arabic to Burmese, Khmer, presentation forms: scripts whose letters are joined, reordered or turned."""


@dataclass(frozen=True)
class Name:
    """A name as it is drawn: its text, with `$` shielded from matplotlib's formulas, and its font, None = the usual."""

    text: str
    font: FontProperties | None = None


def png(figure: Figure) -> bytes:
    """The picture, without a display and without matplotlib's version in it."""
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content, metadata={"Software": None})
    return content.getvalue()


def pdf(figure: Figure) -> bytes:
    """The same as a drawing that scales, without a date and without matplotlib's version in it."""
    content = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(content, metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return content.getvalue()


def drawable(names: Sequence[str], *, what: str = "class", longest: int = LONGEST) -> tuple[list[Name], dict[str, str]]:
    """How names are drawn.

    Args:
        names: in any writing.
        what: they are of, e.g. class.
        longest: characters; what is longer loses its middle.

    Returns:
        A drawn name for each, all different, and the legend: number -> name of those that no installed font has.
    """
    found, legend = [], {}
    texts = [_short(name, longest) for name in names]
    for number, (name, text) in enumerate(zip(names, texts, strict=True), start=1):
        fits, font = _font_for(text)
        if fits and texts.count(text) == 1:
            found.append(Name(text.replace("$", r"\$"), font))
        else:
            legend[f"{what} {number}"] = name
            found.append(Name(f"{what} {number}"))
    return found, legend


def tell(legend: Mapping[str, str], *, where: str) -> None:
    """Say in one line what the numbers in a picture stand for; nothing where there are none.

    Args:
        legend: from `drawable`.
        where: the picture.
    """
    if not legend:
        return
    known = [f"{number} = {quoted(name)[1:-1]}" for number, name in legend.items()]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    logs.warning(
        f"{where}: no installed font has the letters of some names, or they do not fit: {', '.join(known[:_SHOWN])}"
        f"{more}; install a font that has them, e.g. Noto Sans CJK"
    )


def set_ticks(axis: Axis, names: Sequence[Name], texts: Sequence[str] = (), **style: Any) -> None:  # noqa: ANN401
    """Write names along an axis, one per whole number.

    Args:
        axis: of the picture.
        names: from `drawable`.
        texts: what is written instead, in the names' fonts.
        style: of the text, see `matplotlib.axis.Axis.set_ticks`.
    """
    axis.set_ticks(range(len(names)), list(texts) or [name.text for name in names], **style)
    for tick, name in zip(axis.get_ticklabels(), names, strict=True):
        if name.font is not None:
            tick.set_fontproperties(name.font)


def _short(name: str, longest: int) -> str:
    """Composed letters, printable, and cut in the middle where it is long."""
    text = printable(unicodedata.normalize("NFC", name))
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _font_for(text: str) -> tuple[bool, FontProperties | None]:
    """Whether a font has all letters of a text, and which; None = the usual one."""
    codes = {ord(letter) for letter in text}
    if not _SHAPED and any(low <= code <= high for code in codes for low, high in _JOINED):
        return False, None
    if "\u200d" in text:  # joins emoji into one picture, which no font of outlines has
        return False, None
    if codes <= _letters(font_manager.findfont(FontProperties())):
        return True, None
    for path in sorted(font_manager.findSystemFonts(), key=_regular_first):
        if codes | {ord(letter) for letter in " (0123456789)"} <= _letters(path):
            return True, FontProperties(fname=path)
    return False, None


def _regular_first(path: str) -> tuple[bool, str]:
    """The order in which fonts are tried; the same on every run."""
    return "regular" not in path.lower(), path


@cache
def _letters(path: str) -> frozenset[int]:
    """Code points that a font of outlines has; none for a font of bitmaps or of boxes, or a damaged one."""
    if any(word in path.lower() for word in ("lastresort", "adobeblank")):
        return frozenset()
    try:
        font = ft2font.FT2Font(path)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
