"""What an encoder is, in words: ours, a fitted folder, a checkpoint's folder, or a name."""

from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.encoders import for_audio, for_face, for_text, own
from emotion.encoders.base import SETTINGS, Encoder, read_head
from emotion.encoders.bodies import build, count
from emotion.encoders.catalogue import ENTRIES, Entry, entry_of
from emotion.encoders.checkpoint_files import remedied
from emotion.encoders.families import FAMILIES, family_of, name_of, tower
from emotion.encoders.heads import has_head, labels_of
from emotion.encoders.pretrained import read_config
from emotion.encoders.transformer import Transformer

LOADERS = {"audio": for_audio.load_encoder, "face": for_face.load_encoder, "text": for_text.load_encoder}


def describe(name: str) -> dict[str, str]:
    """Properties of an encoder, in the order in which they are shown.

    It is named by `audio`, `face`, `text` or `scratch` (ours); the folder of a fitted encoder or of a checkpoint; a
    name or an architecture of the list; `plugins/FILE.py:CLASS`; or any other name on the hub, whose configuration is
    then fetched.

    Raises:
        EmotionError: there is nothing of that name, or it is damaged.
    """
    folder = Path(name)
    if (folder / SETTINGS).is_file():
        return _fitted(folder)
    if folder.is_dir():
        return _checkpoint(name)
    if plugins.is_name(name):
        return describe_own(own.default(name))
    ours = {entry.modality: entry for entry in ENTRIES if entry.family == "ours"}
    known = (
        {entry.family: entry for entry in ENTRIES if entry.family in FAMILIES}
        | {entry.name: entry for entry in ENTRIES}
        | ours
    )
    return _listed(known[name]) if name in known else _checkpoint(name)


def describe_own(encoder: Encoder) -> dict[str, str]:
    """What is shown of an encoder of one's own, in this order."""
    return {
        "modality": encoder.modality,
        "encoder": encoder.name,
        "architecture": " ".join((type(encoder).__doc__ or "one's own").split("\n\n")[0].split()),
        "dimension": f"{encoder.dim}",
        "parameters": _millions(count(encoder)),
        "fitted": "on the training split" if encoder.trains else "not at all",
    }


def meant(name: str) -> tuple[str, ...]:
    """Names for `describe`: `paper` is the name of two encoders."""
    return ("audio", "face") if name == "paper" and not Path(name).is_dir() else (name,)


def _listed(entry: Entry) -> dict[str, str]:
    what = {
        "encoder": entry.name,
        "architecture": _ARCHITECTURE.get(entry.family, entry.family),
        "dimension": _dimension(entry.modality, entry.family, entry.dim),
        "parameters": f"{entry.millions:g} million",
        "pooling": _poolings(entry.family) if entry.family in FAMILIES else _POOLING[_key(entry)],
    }
    return {"modality": entry.modality} | what | _known(entry)


def _checkpoint(name: str) -> dict[str, str]:
    config = read_config(name)
    kind, family = name_of(config), family_of(config)
    with remedied(name, "config.json", ""):
        parameters = count(build(config))
    head = {"head": f"of {', '.join(labels_of(config))}: with {family.modality}.head: true"} if has_head(config) else {}
    config = tower(config)
    facts = {
        "modality": family.modality,
        "encoder": name,
        "architecture": kind,
        "dimension": _dimension(family.modality, kind, config.hidden_size),
        "layers": f"{config.num_hidden_layers}",
        "parameters": _millions(parameters),
        "pooling": _poolings(kind),
    }
    return facts | head | _known(entry_of(kind))


def _fitted(folder: Path) -> dict[str, str]:
    modality, name, *_ = read_head(folder)
    if modality not in LOADERS:
        raise EmotionError(f"{folder / SETTINGS}: modality is {quoted(modality)}, expected one of {', '.join(LOADERS)}")
    encoder = LOADERS[modality](folder)
    if plugins.is_name(name):
        return describe_own(encoder) | {"encoder": f"{name}, fitted"}
    facts = {
        "modality": modality,
        "encoder": f"{name}, fitted",
        "dimension": f"{encoder.dim}",
        "parameters": _millions(count(encoder)),
    }
    if not isinstance(encoder, Transformer):
        entry = next((entry for entry in ENTRIES if (entry.modality, entry.name) == (modality, name)), _ours(modality))
        return facts | {"pooling": _POOLING[_key(entry)]} | _known(entry)
    family = name_of(encoder.body.config)
    scratch = encoder.encoder == "scratch"
    facts |= {
        "architecture": family,
        "checkpoint": "none, learned here" if scratch else encoder.encoder,
        "layers": f"{encoder.layers} of {tower(encoder.body.config).num_hidden_layers}",
        "pooling": encoder.pooling,
        "body": "fine-tuned" if encoder.tune else "frozen",
    }
    if encoder.head:
        facts = {key: value for key, value in facts.items() if key not in ("layers", "pooling")}
        facts["head"] = f"probabilities of {', '.join(encoder.labels)}"
    return facts | _known(_ours(modality) if scratch else entry_of(family))


_ARCHITECTURE = {
    "ours": "the paper's (this code)",
    "egemaps": "88 functionals, by openSMILE",
    "word_vectors": "a table of vectors, of your file",
}
_POOLING = {
    "egemaps": "means, deviations and percentiles over the utterance",
    "word_vectors": "mean | mean_std of the known words; with text.level: word one vector per word",
    "audio": "attention: weighted average of the frames; with audio.level: frame one vector per 0.2 s",
    "face": "convolutions over time, then a fully connected layer; with face.level: frame one vector per four frames",
    "text": "mean of the tokens (or mean_std, cls); with text.level: word one vector per word",
}


def _key(entry: Entry) -> str:
    return entry.modality if entry.family == "ours" else entry.family


def _poolings(kind: str) -> str:
    return f"{' | '.join(FAMILIES[kind].poolings)}; padding never counts"


def _dimension(modality: str, kind: str, dim: int) -> str:
    if kind == "egemaps":
        return f"{dim}"
    if kind == "ours":
        return f"{dim}, or {modality}.dim"
    return f"{dim}, with mean_std {2 * dim}, or {modality}.dim"


def _ours(modality: str) -> Entry:
    return next(entry for entry in ENTRIES if (entry.modality, entry.family) == (modality, "ours"))


def _known(entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {"licence": "see the checkpoint's own page", "cite": "see the checkpoint's own page"}
    licence = (
        entry.licence
        if entry.family not in FAMILIES
        else f"{entry.licence} for {entry.name}; others: see their own page"
    )
    return {"expects": entry.takes, "licence": licence, "cite": entry.cite}


def _millions(parameters: int) -> str:
    return f"{parameters / 1e6:.1f} million ({parameters})"
