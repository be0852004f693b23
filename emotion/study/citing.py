"""What a study should cite: its models, encoders, corpus and methods, as BibTeX."""

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from emotion.encoders.catalogue import ENTRIES, entry_of

_FILE = Path(__file__).with_name("references.bib")
_MODELS = {
    "fusion": ("gao_guo",),
    "cnn": ("kim2014",),
    "bc_lstm": ("poria2017",),
    "cmn": ("hazarika2018",),
    "mdre": ("yoon2018", "yoon2019"),
    "bilstm_cnn": ("wang2022",),
    "dialogue_transformer": ("tsai2019",),
    "speaker_fusion": ("gao_guo",),
    "dialogue_rnn": ("majumder2019",),
    "mmgcn": ("hu2021",),
    "sdt": ("ma2023",),
    "cross_modal": ("fu2021",),
    "keca": ("xie2012",),
    "logistic_regression": ("cox1958",),
    "inertia": ("kuppens2010",),
}
_CORPORA = {"iemocap": ("busso2008",), "meld": ("poria2019",)}
ENSEMBLE, TUNING, BOOTSTRAP, HOLM = (
    ("lakshminarayanan2017",),
    ("bergstra2011", "akiba2019"),
    ("efron1993",),
    ("holm1979",),
)


def of_model(name: str) -> tuple[str, ...]:
    """Keys of the references of a model; () where none is known, as of one's own."""
    return _MODELS.get(name, ())


def of_corpus(name: str) -> tuple[str, ...]:
    """Keys of the references of a corpus; () where none is known."""
    return _CORPORA.get(name, ())


def family_of(attributes: Any) -> str:  # noqa: ANN401 - of a cache, text and numbers
    """The architecture of the encoder that made a cache, by its attributes; `ours`, or '' where nobody knows it."""
    try:
        settings = json.loads(str(attributes.get("settings", "{}")))
    except ValueError:
        return ""
    known = {entry.name: entry.family for entry in ENTRIES}
    texts = [str(attributes.get("encoder", "")), *_texts(settings)]
    for text in texts:
        if text in known:
            return known[text]
        if entry_of(text) is not None:
            return text
    return ""


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def of_family(family: str) -> tuple[str, ...]:
    """Keys of the references of an architecture."""
    return (
        ("gao_guo",)
        if family == "ours"
        else tuple(key for key in entries() if re.fullmatch(rf"{family}(-ref\d)?", key))
    )


def cite(keys: Sequence[str]) -> str:
    """The LaTeX of a citation; '' of none."""
    return f"~\\cite{{{','.join(keys)}}}" if keys else ""


@lru_cache
def entries() -> dict[str, str]:
    """Key -> its entry as BibTeX."""
    parts = re.split(r"\n(?=@)", _FILE.read_text(encoding="utf-8").strip())
    found = {}
    for part in parts:
        head = re.match(r"@\w+\{([\w-]+),", part)
        assert head is not None, part
        found[head[1]] = part.strip()
    for entry in ENTRIES:
        if entry.family not in {*found, "ours"}:
            found |= _of_catalogue(entry.family, entry.cite)
    return found


def _of_catalogue(family: str, text: str) -> dict[str, str]:
    """Entries from what the catalogue of encoders says: `Baevski et al.: title, 2020`, several with `; ` between."""
    found = {}
    for number, one in enumerate(text.split("; ")):
        parts = re.fullmatch(r"(?:.*e\.g\. )?(.+?): (.+), (\d{4})", one)
        assert parts is not None, one
        authors, title, year = parts[1].replace(" et al.", " and others"), parts[2], parts[3]
        key = f"{family}-ref{number + 1}" if number else family
        found[key] = f"@misc{{{key},\n  title = {{{{{title}}}}},\n  author = {{{authors}}},\n  year = {{{year}}},\n}}"
    return found


def bibliography(keys: Iterable[str]) -> str:
    """The entries as a file, in the order of their keys."""
    return "\n\n".join(entries()[key] for key in sorted(set(keys))) + "\n"
