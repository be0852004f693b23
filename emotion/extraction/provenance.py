"""Where a cache comes from: settings and versions of what made it, and a card beside it that people read."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PureWindowsPath
from typing import Any

from emotion.core.closure import digest_of
from emotion.core.files import write_text
from emotion.core.tables import markdown_table, markdown_text
from emotion.extraction.outcome import kinds
from emotion.store.cache import Cache


def code_of(modality: str) -> str:
    """Digest of the code that fits the encoder of a modality and extracts its features."""
    return digest_of(*(Path(__file__).with_name(f"{name}.py") for name in (f"extract_{modality}", "fitting")))


def versions(*packages: str) -> str:
    """JSON text: the installed version of each package, without a local label such as `+cpu`."""
    return json.dumps({name: version(name).split("+")[0] for name in sorted(packages)})


def public(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that may be given away: a path outside the project, e.g. of a checkpoint, becomes its last part.

    A file is told from others of its name by its sha256; a checkpoint's folder by the attribute `checkpoint`.
    """
    return {name: _public(value) for name, value in settings.items()}


def _public(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return public(value)
    if isinstance(value, list | tuple):
        return [_public(item) for item in value]
    if not isinstance(value, str):
        return value
    path, windows = Path(value), PureWindowsPath(value)
    if not (path.is_absolute() or windows.is_absolute() or value.startswith("~") or ".." in windows.parts):
        return value
    name = windows.name
    return f"{name} (sha256 {_sha256(path)[:16]})" if path.is_file() else name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_card(path: Path, *, more: str = "") -> Path:
    """Write a Markdown page about a cache, NAME.md beside it, and return its path; the same cache gives the same bytes.

    Args:
        path: of the cache.
        more: Markdown that is put in.

    Raises:
        EmotionError: the cache cannot be read, or the page cannot be written.
    """
    with Cache(path) as cache:
        text = _card(path, cache, more)
    card = path.with_suffix(".md")
    write_text(card, text)
    return card


def _card(path: Path, cache: Cache, more: str) -> str:
    about = {key: value for key, value in sorted(cache.attributes.items()) if key not in ("settings", "versions")}
    settings = json.loads(cache.attributes.get("settings", "{}"))
    parts = [
        f"# {markdown_text(path.name)}",
        _table(["what", "value"], _facts(cache)),
        "## Made by",
        _table(["attribute", "value"], [(key, str(value)) for key, value in about.items()]),
        _table(["setting", "value"], sorted(_flat(settings))),
        _table(["library", "version"], sorted(json.loads(cache.attributes.get("versions", "{}")).items())),
        "## Missing utterances",
        _missing(cache),
        more,
        "## Reading it",
        _HOW.format(name=path.name, shape=_shape(cache)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_HOW = """    from pathlib import Path
    from emotion.store.cache import Cache

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
        ("encoder trained on", "unknown" if cache.training is None else f"{len(cache.training.trained_on)} utterances"),
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
    return markdown_table(head, rows) if rows else ""
