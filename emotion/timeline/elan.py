"""ELAN (.eaf), in and out: a tier for each speaker, and below it one with the emotions.

TIER "Anna"            [There you are!      ]   time-aligned
TIER "Anna (emotion)"  [happy               ]   a symbolic association: one annotation for one of the tier above

Reading: every tier that hangs on no other is somebody's speech, the participant's if it names one. A file with a
DOCTYPE, which ELAN never writes, is refused: it may unfold to any size or name other files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from mimetypes import guess_type
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.parsers import expat

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.timeline.segments import Segment, Source, note
from emotion.timeline.ticks import span, ticks
from emotion.timeline.tiers import EMOTION, WARNING, emotion_of, speaker_of, tiers_of, warning_of
from emotion.timeline.timeline import Timeline

_DATE: Final = "1970-01-01T00:00:00Z"  # the same bytes on repeat
_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_ASSOCIATION: Final = "1-1 association with a parent annotation"


@dataclass
class _Annotation:
    line: int
    first: str
    last: str
    text: str = ""


@dataclass
class _Tier:
    name: str
    participant: str
    parent: str
    annotations: list[_Annotation] = field(default_factory=list)


class _Document:
    """Takes in the elements of a file one by one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._value: list[str] | None = None
        self._depth = 0
        self.slots: dict[str, str] = {}
        self.tiers: list[_Tier] = []

    def read(self) -> None:
        path = self._source.path
        try:
            self._parser.Parse(path.read_bytes(), True)
        except EmotionError:
            raise
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise EmotionError(f"{path}: no XML ({shortened(str(error))}); save it again in ELAN") from None

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    def _doctype(self, *_: object) -> None:
        raise self._source.wrong(self._line, "a DOCTYPE", "an .eaf without one, as ELAN writes it")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and name != "ANNOTATION_DOCUMENT":
            raise self._source.wrong(self._line, quoted(f"<{name}>", most=60), "<ANNOTATION_DOCUMENT>, as in an .eaf")
        self._depth += 1
        if name == "HEADER" and attributes.get("TIME_UNITS", "milliseconds") != "milliseconds":
            raise self._source.wrong(self._line, f"times in {quoted(attributes['TIME_UNITS'])}", "milliseconds")
        if name == "TIME_SLOT":
            self.slots[self._needed(attributes, "TIME_SLOT_ID")] = attributes.get("TIME_VALUE", "")
        elif name == "TIER":
            tier = self._needed(attributes, "TIER_ID")
            self.tiers.append(_Tier(tier, attributes.get("PARTICIPANT", ""), attributes.get("PARENT_REF", "")))
        elif name == "ALIGNABLE_ANNOTATION" and self.tiers:
            first, last = (self._needed(attributes, key) for key in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"))
            self.tiers[-1].annotations.append(_Annotation(self._line, first, last))
        elif name == "ANNOTATION_VALUE":
            self._value = []

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "ANNOTATION_VALUE" and self._value is not None:
            if self.tiers and self.tiers[-1].annotations:
                self.tiers[-1].annotations[-1].text = "".join(self._value)
            self._value = None

    def _data(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _needed(self, attributes: dict[str, str], name: str) -> str:
        if name not in attributes:
            raise self._source.wrong(self._line, f"an element without {name}", "one with it")
        return attributes[name]


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file.

    Raises:
        EmotionError: it is no XML, or not ELAN's, or a time is missing or none.
    """
    document = _Document(source)
    document.read()
    others = []
    for tier in document.tiers:
        speaker = tier.participant or speaker_of(tier.name)
        if tier.parent or not speaker:
            ours = tier.name == WARNING or tier.name.endswith(EMOTION)
            others += [] if ours else [f"{source.path}: tier {quoted(tier.name, most=60)}"]
            continue
        for annotation in tier.annotations:
            start, end = (
                _time(source, annotation, document.slots, slot) for slot in (annotation.first, annotation.last)
            )
            yield Segment(f"{source.path}: line {annotation.line}", start, end, speaker, annotation.text)
    note(source, others, "hangs on another tier, or holds words or sounds", "not read")


def _time(source: Source, annotation: _Annotation, slots: dict[str, str], slot: str) -> float:
    value = slots.get(slot, "")
    if value.isdecimal() and value.isascii() and len(value) < 16:
        return int(value) / 1000
    found = (
        f"time slot {quoted(slot, most=40)} with {quoted(value, most=40)}" if value else "an annotation without a time"
    )
    raise source.wrong(annotation.line, found, "whole milliseconds >= 0")


def write(timeline: Timeline) -> str:
    """The text of a file."""
    document = _Writer(timeline)
    if timeline.warnings:
        tier = document.tier(WARNING, "")
        document.aligned(tier, 0, max(1, ticks(timeline.duration)), warning_of(timeline.warnings))
    for speech in tiers_of(timeline):
        tier = document.tier(speech.name, speech.speaker)
        numbers = [document.aligned(tier, *span(turn), turn.text) for turn in speech.turns]
        below = document.tier(speech.name + EMOTION, speech.speaker, parent=speech.name)
        for number, turn in zip(numbers, speech.turns, strict=True):
            if emotion := emotion_of(turn):
                document.referring(below, number, emotion)
    return document.text()


class _Writer:
    """A document that grows tier by tier."""

    def __init__(self, timeline: Timeline) -> None:
        self._root = ET.Element(
            "ANNOTATION_DOCUMENT",
            {"AUTHOR": "emotion", "DATE": _DATE, "FORMAT": "3.0", "VERSION": "3.0"}
            | {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:noNamespaceSchemaLocation": _SCHEMA},
        )
        header = ET.SubElement(self._root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
        name = quote(timeline.media)
        kind = guess_type(name)[0] or "unknown"
        # Beside the .eaf ELAN finds the recording, wherever both are; else it asks.
        url = {"MEDIA_URL": f"file:///{name}", "RELATIVE_MEDIA_URL": f"./{name}", "MIME_TYPE": kind}
        ET.SubElement(header, "MEDIA_DESCRIPTOR", url)
        self._order = ET.SubElement(self._root, "TIME_ORDER")
        self._annotations = 0
        self._moments: list[tuple[int, int, str, ET.Element]] = []  # ms, annotation, attribute, where it stands

    def tier(self, name: str, participant: str, *, parent: str = "") -> ET.Element:
        """A new tier; with a parent its annotations refer to those of that one."""
        given = {"LINGUISTIC_TYPE_REF": "emotion" if parent else "speech", "TIER_ID": name}
        given |= {key: value for key, value in (("PARENT_REF", parent), ("PARTICIPANT", participant)) if value}
        return ET.SubElement(self._root, "TIER", given)

    def aligned(self, tier: ET.Element, start: int, end: int, text: str) -> int:
        """Add an annotation from start to end (ms); returns its number."""
        number, annotation = self._annotation(tier, "ALIGNABLE_ANNOTATION", text)
        self._moments += [(start, number, "TIME_SLOT_REF1", annotation), (end, number, "TIME_SLOT_REF2", annotation)]
        return number

    def referring(self, tier: ET.Element, parent: int, text: str) -> None:
        """Add an annotation to that of a number."""
        self._annotation(tier, "REF_ANNOTATION", text)[1].set("ANNOTATION_REF", f"a{parent}")

    def text(self) -> str:
        """The whole document."""
        for number, (time, _, attribute, annotation) in enumerate(
            sorted(self._moments, key=lambda at: at[:3]), start=1
        ):
            ET.SubElement(self._order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{number}", "TIME_VALUE": str(time)})
            annotation.set(attribute, f"ts{number}")
        for kind, more in (("speech", {}), ("emotion", {"CONSTRAINTS": "Symbolic_Association"})):
            given = {
                "LINGUISTIC_TYPE_ID": kind,
                "TIME_ALIGNABLE": "false" if more else "true",
                "GRAPHIC_REFERENCES": "false",
            }
            ET.SubElement(self._root, "LINGUISTIC_TYPE", given | more)
        given = {"STEREOTYPE": "Symbolic_Association", "DESCRIPTION": _ASSOCIATION}
        ET.SubElement(self._root, "CONSTRAINT", given)
        ET.indent(self._root)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(self._root, encoding="unicode")}\n'

    def _annotation(self, tier: ET.Element, kind: str, text: str) -> tuple[int, ET.Element]:
        self._annotations += 1
        annotation = ET.SubElement(ET.SubElement(tier, "ANNOTATION"), kind, {"ANNOTATION_ID": f"a{self._annotations}"})
        ET.SubElement(annotation, "ANNOTATION_VALUE").text = text
        return self._annotations, annotation
