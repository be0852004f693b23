"""Transformers checkpoints by name or folder: their configuration, tokenizer and feature extractor.

A folder never needs a network. A name is looked up on the Hugging Face hub, unless it is in the local cache. No code of
a checkpoint is ever run: not its own Python (`trust_remote_code`), and weights that are not safetensors are read by
`torch.load(weights_only=True)`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoFeatureExtractor, AutoTokenizer, PreTrainedTokenizerBase
from transformers.image_processing_base import ImageProcessingMixin

from emotion.core.errors import EmotionError
from emotion.core.memory import at_most
from emotion.core.text import quoted, shortened
from emotion.encoders import checkpoint_files, tokenizer_trial
from emotion.encoders.checkpoint_files import REMEDY, Flaw, remedied
from emotion.encoders.families import FAMILIES, Family, name_of, names, near

TOKENIZER, EXTRACTOR = "tokenizer", "extractor"  # sub-folders of an encoder's folder
OWN = ("paper", "egemaps", "scratch", "word_vectors")  # names that are no checkpoints
_MOST_PIXELS = 2048  # height of a checkpoint's pictures
_PICTURES = ("preprocessor_config.json", "video_preprocessor_config.json")
_MEMORY = 3 << 30  # bytes that reading may take, besides room for the weights
_TRIAL = 30.0  # s that a tokenizer may take to be read and to cut a few words


def read_config(name: str, modality: str = "") -> Any:  # noqa: ANN401 - each architecture has its own class
    """Configuration of a checkpoint, a local folder or a name on the hub such as `roberta-base`.

    `modality` is what it must be an encoder of; '' = of any. Of a model of pictures and texts it holds both halves.

    Raises:
        EmotionError: not found, hub out of reach, or another architecture.
    """
    where = f"{modality} encoder {name}".strip()
    if name in OWN and not Path(name).is_dir():
        raise EmotionError(
            f"{where}: our own encoders are paper and egemaps for audio, paper for face, scratch and word_vectors for "
            "text"
        )
    if (name.startswith(("/", ".", "~")) or name.count("/") > 1) and not Path(name).is_dir():
        raise EmotionError(f"{where}: there is no such folder; give the folder of a checkpoint, or its name on the hub")
    with remedied(name, "config.json", modality):
        if Path(name).is_dir():
            checkpoint_files.check_config(Path(name))
    config = read_part(AutoConfig, name, "config.json", modality)
    _check_family(name_of(config), modality, where)
    return config


def _check_family(kind: object, modality: str, where: str) -> None:
    """Raise EmotionError where an architecture is none of ours, or of another modality."""
    family: Family | None = FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        like = near(kind if isinstance(kind, str) else "", modality)
        reads = ", ".join(f"{name} ({FAMILIES[name].modality})" for name in like)
        raise EmotionError(
            f"{where}: architecture is {quoted(kind)}, which is not supported; near it are {reads}; "
            "`emotion encoders list` has all of them"
        )
    if modality not in ("", family.modality):
        raise EmotionError(
            f"{where}: architecture is '{kind}', which reads {family.modality}, expected one of "
            f"{', '.join(names(modality))}; name it as {family.modality}.encoder, and one of these here"
        )


def read_tokenizer(name: str, *, vocabulary: int) -> PreTrainedTokenizerBase:
    """Tokenizer of a text checkpoint whose weights know so many tokens (`vocabulary`).

    Raises:
        EmotionError: it is missing or of another checkpoint.
    """
    with remedied(name, "tokenizer files", "text"):
        if Path(name).is_dir():
            checkpoint_files.check_tokenizer(Path(name))
            _try_tokenizer(Path(name) / "tokenizer.json")
    tokenizer: PreTrainedTokenizerBase = read_part(AutoTokenizer, name, "tokenizer files", "text")
    with remedied(name, "tokenizer files", "text"):
        highest, most = max(tokenizer.get_vocab().values()), int(tokenizer.model_max_length)
    if highest >= vocabulary or most < 1:
        raise EmotionError(
            f"text encoder {name}: its tokenizer does not belong to its weights: numbers up to {quoted(highest)} for "
            f"{vocabulary} tokens, texts of at most {quoted(most)}; {REMEDY}"
        )
    if not vocabulary / 2 <= len(tokenizer) <= vocabulary or tokenizer.pad_token_id is None or not tokenizer.is_fast:
        raise EmotionError(
            f"text encoder {name}: its tokenizer has {len(tokenizer)} tokens, its weights {vocabulary}; "
            "add the tokenizer files that belong to the checkpoint (tokenizer.json, or vocab.json and merges.txt)"
        )
    return tokenizer


def _try_tokenizer(path: Path) -> None:
    """Read and use a tokenizer in a process of its own: its code cannot be interrupted, nor its memory be bounded."""
    if not path.is_file():
        return
    command = [sys.executable, "-I", str(Path(tokenizer_trial.__file__)), str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TRIAL, check=False)  # noqa: S603 - our own script
    except subprocess.TimeoutExpired:
        raise Flaw(f"{path.name}: not read within {_TRIAL:.0f} s, expected moments") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["too much memory or time"]
        raise Flaw(f"{path.name}: not a tokenizer that works ({shortened(said[-1])})")


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the tokenizer, so that loading needs no hub."""
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:  # what the last call padded and cut is no part of the tokenizer
        backend.no_truncation()
        backend.no_padding()
    for key in ("is_local", "local_files_only"):  # where it came from is not either
        tokenizer.init_kwargs.pop(key, None)
    tokenizer.save_pretrained(folder / TOKENIZER)


def read_extractor(name: str) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Feature extractor of an audio checkpoint; EmotionError where it is missing or damaged."""
    with remedied(name, "preprocessor_config.json", "audio"):
        if Path(name).is_dir():
            checkpoint_files.check_extractor(Path(name))
    return read_part(AutoFeatureExtractor, name, "preprocessor_config.json", "audio")


def read_scale(name: str) -> tuple[list[float], list[float], int]:
    """Mean and standard deviation of the three colours that an image or video processor subtracts and divides by.

    They hold for pictures scaled to 0..1; the height of its pictures, px, comes third, 0 where it does not say. The
    processor itself is not needed: our clips are resized on the device.

    Raises:
        EmotionError: the processor's file is missing or damaged.
    """
    local = Path(name).is_dir()
    files = [file for file in _PICTURES if not local or (Path(name) / file).is_file()] or _PICTURES[:1]
    with remedied(name, files[0], "face"):
        if local:
            checkpoint_files.check_extractor(Path(name))
        options = {"local_files_only": local, "image_processor_filename": files[0]}
        found, _ = ImageProcessingMixin.get_image_processor_dict(name, **options)
        mean, deviation = ([float(value) for value in found[key]] for key in ("image_mean", "image_std"))
        if len(mean) != 3 or len(deviation) != 3 or min(deviation) <= 0:
            raise ValueError(f"image_mean is {mean} and image_std is {deviation}")
        size = found.get("crop_size") or found.get("size") or 0
        size = size.get("height", size.get("shortest_edge", 0)) if isinstance(size, dict) else size
        if not isinstance(size, int) or not 0 <= size <= _MOST_PIXELS:
            raise ValueError(f"its pictures have a height of {quoted(size)}, expected at most {_MOST_PIXELS} px")
    return mean, deviation, size


def read_part(kind: Any, name: str, what: str, modality: str, *, room: int = 0, **options: Any) -> Any:  # noqa: ANN401
    """`kind.from_pretrained`, with errors that name the remedy."""
    with remedied(name, what, modality), at_most(_MEMORY + room):
        return kind.from_pretrained(name, local_files_only=Path(name).is_dir(), trust_remote_code=False, **options)
