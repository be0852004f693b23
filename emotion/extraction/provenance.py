"""Where a cache comes from: the versions of what made it, and a card beside it that people read."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emotion.cache import Cache
from emotion.extraction.outcome import kinds
from emotion.files import write_text


def versions(*packages: str) -> str:
    """JSON text: the installed version of each package, without a local label such as `+cpu`."""
    return json.dumps({name: version(name).split("+")[0] for name in sorted(packages)})


def write_card(path: Path) -> Path:
    """Write a Markdown page about a cache beside it, under the same name with `.md`.

    Args:
        path: the cache.

    Returns:
        The page's path. The same cache gives the same bytes.

    Raises:
        EmotionError: the cache cannot be read, or the page cannot be written.
    """
    with Cache(path) as cache:
        text = _card(path, cache)
    card = path.with_suffix(".md")
    write_text(card, text)
    return card


def _card(path: Path, cache: Cache) -> str:
    about = {key: value for key, value in sorted(cache.attributes.items()) if key not in ("settings", "versions")}
    settings = json.loads(cache.attributes.get("settings", "{}"))
    parts = [
        f"# {path.name}",
        _table(["what", "value"], _facts(cache)),
        "## Made by",
        _table(["attribute", "value"], [(key, str(value)) for key, value in about.items()]),
        _table(["setting", "value"], sorted(_flat(settings))),
        _table(["library", "version"], sorted(json.loads(cache.attributes.get("versions", "{}")).items())),
        "## Missing utterances",
        _missing(cache),
        "## Reading it",
        _HOW.format(name=path.name, shape=_shape(cache)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_HOW = """    from pathlib import Path
    from emotion.cache import Cache

    with Cache(Path("{name}")) as cache:
        values = cache[cache.row("UTTERANCE")]  # {shape}; t = 0 where the modality is missing
        everything, offsets = cache.values(), cache.offsets  # utterance i: everything[offsets[i] : offsets[i + 1]]

The layout is plain HDF5 (`values`, `offsets`, `ids`, `present`, `reason`, `notes`): see `emotion cache verify`."""


def _facts(cache: Cache) -> list[tuple[str, str]]:
    present = int(cache.present.sum())
    return [
        ("utterances", str(len(cache))),
        ("present", str(present)),
        ("missing", str(len(cache) - present)),
        ("frames", str(int(cache.offsets[-1]))),
        ("values per utterance", _shape(cache)),
    ]


def _shape(cache: Cache) -> str:
    return f"(t, {', '.join(map(str, cache.shape))}) {cache.dtype.name}"


def _missing(cache: Cache) -> str:
    counted = kinds(cache.reason)
    return _table(["reason", "utterances"], [(kind, str(n)) for kind, n in counted.items()]) or "None."


def _flat(settings: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, json.dumps(value)))
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, '' where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
