"""Names in any writing: drawn where a font has their letters, else numbers; the same bytes every time."""

import logging
import os
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from emotion.core import drawing
from emotion.evaluation.figures import confusion_figure


def write_font(path, letters, *, advance=600):
    """A font whose letters are boxes, one for each character."""
    names = [".notdef", *(f"u{ord(letter):04X}" for letter in letters)]
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in ((50, 700), (550, 700), (550, 0)):
        pen.lineTo(corner)
    pen.closePath()
    glyph = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"u{ord(letter):04X}" for letter in letters})
    builder.setupGlyf(dict.fromkeys(names, glyph))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (advance, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """Only these are installed, besides matplotlib's own."""
    paths = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(paths))
    drawing._letters.cache_clear()

    def install(name, letters):
        paths.append(write_font(tmp_path / name, letters))

    yield install
    drawing._letters.cache_clear()


PLAIN = " (0123456789)"


def test_a_font_with_the_letters_is_found(fonts):
    fonts("b.ttf", "愤怒高兴" + PLAIN)
    fonts("a.ttf", "愤怒")  # cannot count
    names, legend = drawing.drawable(["愤怒", "happy", "高兴"])
    assert [name.text for name in names] == ["愤怒", "happy", "高兴"]
    assert [name.font and name.font.get_file()[-5:] for name in names] == ["b.ttf", None, "b.ttf"]
    assert legend == {}


@pytest.mark.parametrize("name", ["愤怒", "怒り", "분노", "क्रोध", "โกรธ", "👩‍🚀"])
def test_without_a_font_a_name_is_a_number(fonts, name, capsys):
    (first, second), legend = drawing.drawable(["happy", name])
    assert (first.text, second.text, second.font) == ("happy", "class 2", None)
    assert legend == {"class 2": name}
    drawing.tell(legend, where="confusion.png")
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("confusion.png: no installed font") and "class 2 = " in said


@pytest.mark.slow
def test_pictures_of_any_names_give_no_warnings_and_the_same_bytes(fonts, caplog):
    fonts("regular.ttf", "愤怒" + PLAIN)
    labels = ["愤怒", "क्रोध", "مرحبا", "$x^$", "a$b", r"\$", "sad|<b>", "x" * 300, "\u202eabc", "😀", "_hidden", "é"]
    matrix = np.random.default_rng(0).integers(0, 9, size=(len(labels), len(labels)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, other = (drawing.png(confusion_figure(matrix, labels=labels)) for _ in range(2))
    assert one == other
    assert not [record for record in caplog.records if record.name.startswith("matplotlib") and record.levelno > 20]


def test_dollars_are_no_formulas():
    figure = confusion_figure(np.eye(3, dtype=int), labels=["$x^$", "a$b", r"\$"])
    drawing.png(figure)
    drawn = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert drawn == [r"\$x^\$", r"a\$b", r"\\$"]


def test_long_names_lose_their_middle_and_stay_different():
    long = ["anger " * 20 + end for end in ("one", "two")]
    names, legend = drawing.drawable([*long, "short"])
    assert len({name.text for name in names}) == 3
    assert all(len(name.text) <= drawing.LONGEST for name in names) and legend == {}
    same = ["a" * 40 + middle + "b" * 40 for middle in "xy"]
    names, legend = drawing.drawable(same)
    assert [name.text for name in names] == ["class 1", "class 2"] == list(legend)


def test_damaged_fonts_and_fonts_of_boxes_are_passed_over(fonts, tmp_path, monkeypatch):
    (tmp_path / "bad.ttf").write_bytes(os.urandom(100))
    boxes = write_font(tmp_path / "LastResort.ttf", "愤怒" + PLAIN)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "bad.ttf"), boxes])
    assert drawing.drawable(["愤怒"])[1] == {"class 1": "愤怒"}


def test_a_hundred_classes_are_a_picture_of_bounded_size():
    figure = confusion_figure(np.eye(400, dtype=int), labels=[f"c{i}" for i in range(400)])
    assert max(figure.get_size_inches()) < 40
    assert not figure.axes[0].texts
    assert logging.getLogger("matplotlib").handlers == []
