"""Transformers checkpoints by name or folder: loading them, and keeping their shape beside our own weights.

A folder never needs a network. A name is looked up on the Hugging Face hub, unless it is in the local cache. No code of
a checkpoint is ever run: not its own Python (`trust_remote_code`), and weights that are not safetensors are read by
`torch.load(weights_only=True)`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.image_processing_base import ImageProcessingMixin

from emotion.core.errors import EmotionError
from emotion.core.memory import at_most
from emotion.core.text import quoted, shortened
from emotion.encoders import checkpoint_files, tokenizer_trial
from emotion.encoders.base import fit_again
from emotion.encoders.checkpoint_files import REMEDY, Flaw, remedied
from emotion.encoders.families import FAMILIES, names

BODY, TOKENIZER, EXTRACTOR = "body", "tokenizer", "extractor"  # sub-folders of an encoder's folder
OWN = ("paper", "scratch")  # names that are no checkpoints
_PICTURES = ("preprocessor_config.json", "video_preprocessor_config.json")
# Weights that we do not use, or that never count without masking, and a checkpoint may lack.
_UNUSED = ("pooler.", "embeddings.position_ids", "masked_spec_embed", "decoder.", "embeddings.mask_token")
_MEMORY = 3 << 30  # bytes that reading may take, besides room for the weights
_TRIAL = 30.0  # s that a tokenizer may take to be read and to cut a few words
_UNDECIDED = 1_000_000  # weights that a checkpoint may lack: what it holds is rounded to blocks by some
_DECODER = 100_000_000  # weights of a decoder that a checkpoint lacks, and that is dropped again


def read_config(name: str, modality: str = "") -> Any:  # noqa: ANN401 - each architecture has its own class
    """Configuration of a checkpoint, a local folder or a name on the hub such as `roberta-base`.

    `modality` is what it must be an encoder of; '' = of any.

    Raises:
        EmotionError: not found, hub out of reach, or another architecture.
    """
    where = f"{modality} encoder {name}".strip()
    if name in OWN and not Path(name).is_dir():
        raise EmotionError(f"{where}: our own encoder is called paper for audio and face, and scratch for text")
    if (name.startswith(("/", ".", "~")) or name.count("/") > 1) and not Path(name).is_dir():
        raise EmotionError(f"{where}: there is no such folder; give the folder of a checkpoint, or its name on the hub")
    with remedied(name, "config.json", modality):
        if Path(name).is_dir():
            checkpoint_files.check_config(Path(name))
    config = _read(AutoConfig, name, "config.json", modality)
    kind = getattr(config, "model_type", "")
    family = FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        raise EmotionError(f"{where}: architecture is {quoted(kind)}, expected one of {', '.join(names(modality))}")
    if modality not in ("", family.modality):
        raise EmotionError(
            f"{where}: architecture is '{kind}', which reads {family.modality}, expected one of "
            f"{', '.join(names(modality))}; name it as {family.modality}.encoder, and one of these here"
        )
    return config


def read_body(name: str, modality: str) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Model with its weights, in float32; of an encoder-decoder the encoder.

    Raises:
        EmotionError: as `read_config`, or the weights are missing, damaged, or do not fit the configuration.
    """
    config = read_config(name, modality)
    with remedied(name, "weights", modality):
        held = checkpoint_files.check_weights(Path(name)) if Path(name).is_dir() else None
    if held is not None:
        _check_size(name, modality, config, held)
    options = {"output_loading_info": True, "ignore_mismatched_sizes": True, "dtype": torch.float32}
    body, loading = _read(AutoModel, name, "weights", modality, room=16 * (held or 0), **options)
    lacking = [key for key in loading["missing_keys"] if not (key.startswith(_UNUSED) or ".pooler." in key)]
    lacking += [str(key[0]) for key in loading["mismatched_keys"]]
    lost = [key for key, value in body.state_dict().items() if not bool(value.isfinite().all())]
    if lost:
        raise EmotionError(
            f"{modality} encoder {name}: {len(lost)} of its tensors such as {quoted(lost[0])} hold values that are not "
            f"finite; {REMEDY}"
        )
    if lacking:
        raise EmotionError(
            f"{modality} encoder {name}: its weights do not fit its config.json: {len(lacking)} tensors such as "
            f"'{shortened(lacking[0])}' are missing or of another size; download the checkpoint again"
        )
    return without_extras(body)


def build(config: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """The part of a model that extraction uses, without memory for its weights."""
    with torch.device("meta"):
        return without_extras(AutoModel.from_config(config, dtype=torch.float32))


def count(module: nn.Module) -> int:
    """Parameters."""
    return sum(value.numel() for value in module.parameters())


def _check_size(name: str, modality: str, config: Any, held: int) -> None:  # noqa: ANN401
    """Raise EmotionError where a configuration asks for more weights than the files hold: nothing is built then."""
    with remedied(name, "config.json", modality), torch.device("meta"):
        whole = AutoModel.from_config(config, dtype=torch.float32)
        everything, needed = count(whole), count(without_extras(whole))
    if needed > held + _UNDECIDED or everything > 4 * held + _DECODER:
        raise EmotionError(
            f"{modality} encoder {name}: its weights do not fit its config.json, which asks for {needed} of them "
            f"where the files hold at most {held}; {REMEDY}"
        )


def build_body(folder: Path, modality: str) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Model with weights still to be loaded, from a fitted encoder's folder; EmotionError where that is damaged."""
    with remedied(str(folder / BODY), "config.json", modality, remedy=fit_again(modality)):
        checkpoint_files.check_config(folder / BODY)
        config = AutoConfig.from_pretrained(folder / BODY, local_files_only=True, trust_remote_code=False)
        return without_extras(AutoModel.from_config(config, dtype=torch.float32))


def save_config(body: nn.Module, folder: Path) -> None:
    """Write the configuration that `build_body` reads."""
    config: Any = body.config
    config.dtype = torch.float32
    config.save_pretrained(folder / BODY)


def read_tokenizer(name: str, *, vocabulary: int) -> PreTrainedTokenizerBase:
    """Tokenizer of a text checkpoint whose weights know so many tokens (`vocabulary`).

    Raises:
        EmotionError: it is missing or of another checkpoint.
    """
    with remedied(name, "tokenizer files", "text"):
        if Path(name).is_dir():
            checkpoint_files.check_tokenizer(Path(name))
            _try_tokenizer(Path(name) / "tokenizer.json")
    tokenizer: PreTrainedTokenizerBase = _read(AutoTokenizer, name, "tokenizer files", "text")
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
    return _read(AutoFeatureExtractor, name, "preprocessor_config.json", "audio")


def read_scale(name: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the three colours that an image or video processor subtracts and divides by.

    They hold for pictures scaled to 0..1. The processor itself is not needed: our clips are resized on the device.

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
    return mean, deviation


def without_extras(body: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Drop what is never used: a decoder, and a pooler, whose place our own pooling takes."""
    if body.config.is_encoder_decoder:
        body = body.get_encoder()
    if hasattr(body, "pooler"):
        body.pooler = None
    return body


def _read(kind: Any, name: str, what: str, modality: str, *, room: int = 0, **options: Any) -> Any:  # noqa: ANN401
    """`kind.from_pretrained`, with errors that name the remedy."""
    with remedied(name, what, modality), at_most(_MEMORY + room):
        return kind.from_pretrained(name, local_files_only=Path(name).is_dir(), trust_remote_code=False, **options)
