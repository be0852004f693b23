"""Transformers checkpoints by name or folder: loading them, and keeping their shape beside our own weights.

A folder never needs a network. A name is looked up on the Hugging Face hub, unless it is in the local cache. No code of
a checkpoint is ever run: not its own Python (`trust_remote_code`), and weights that are not safetensors are read by
`torch.load(weights_only=True)`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from huggingface_hub.utils import logging as hub_logging
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.image_processing_base import ImageProcessingMixin
from transformers.utils import logging

from emotion.encoders.families import FAMILIES, names
from emotion.errors import EmotionError

BODY, TOKENIZER, EXTRACTOR = "body", "tokenizer", "extractor"  # sub-folders of an encoder's folder
OWN = ("paper", "scratch")  # names that are no checkpoints
_PICTURES = ("preprocessor_config.json", "video_preprocessor_config.json")
# Weights that we do not use, or that never count without masking, and a checkpoint may lack.
_UNUSED = ("pooler.", "embeddings.position_ids", "masked_spec_embed", "decoder.", "embeddings.mask_token")
_FAILURES = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    SafetensorError,
    EOFError,
    UnpicklingError,
)


def read_config(name: str, modality: str = "") -> Any:  # noqa: ANN401 - each architecture has its own class
    """Configuration of a checkpoint.

    Args:
        name: a local folder, or a name on the hub such as `roberta-base`.
        modality: what it must be an encoder of; '' = of any.

    Raises:
        EmotionError: not found, hub out of reach, or another architecture.
    """
    where = f"{modality} encoder {name}".strip()
    if name in OWN and not Path(name).is_dir():
        raise EmotionError(f"{where}: our own encoder is called paper for audio and face, and scratch for text")
    if (name.startswith(("/", ".", "~")) or name.count("/") > 1) and not Path(name).is_dir():
        raise EmotionError(f"{where}: there is no such folder; give the folder of a checkpoint, or its name on the hub")
    config = _read(AutoConfig, name, "config.json", modality)
    kind = getattr(config, "model_type", "")
    family = FAMILIES.get(kind)
    if family is None:
        raise EmotionError(f"{where}: architecture is '{kind}', expected one of {', '.join(names(modality))}")
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
    read_config(name, modality)
    options = {"output_loading_info": True, "ignore_mismatched_sizes": True, "dtype": torch.float32}
    body, loading = _read(AutoModel, name, "weights", modality, **options)
    lacking = [key for key in loading["missing_keys"] if not _unused(key)]
    lacking += [str(key[0]) for key in loading["mismatched_keys"]]
    if lacking:
        raise EmotionError(
            f"{modality} encoder {name}: its weights do not fit its config.json: {len(lacking)} tensors such as "
            f"'{lacking[0]}' are missing or of another size; download the checkpoint again"
        )
    return without_extras(body)


def build_body(folder: Path, modality: str) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Model with weights still to be loaded, from a fitted encoder's folder.

    Raises:
        EmotionError: its configuration is missing or damaged.
    """
    config = _read(AutoConfig, str(folder / BODY), "config.json", modality)
    return without_extras(AutoModel.from_config(config, dtype=torch.float32))


def save_config(body: nn.Module, folder: Path) -> None:
    """Write the configuration that `build_body` reads."""
    config: Any = body.config
    config.dtype = torch.float32
    config.save_pretrained(folder / BODY)


def read_tokenizer(name: str, *, vocabulary: int) -> PreTrainedTokenizerBase:
    """Tokenizer of a text checkpoint.

    Args:
        name: as for `read_config`.
        vocabulary: number of tokens that the weights know.

    Raises:
        EmotionError: it is missing or of another checkpoint.
    """
    tokenizer: PreTrainedTokenizerBase = _read(AutoTokenizer, name, "tokenizer files", "text")
    if not vocabulary / 2 <= len(tokenizer) <= vocabulary or tokenizer.pad_token_id is None or not tokenizer.is_fast:
        raise EmotionError(
            f"text encoder {name}: its tokenizer has {len(tokenizer)} tokens, its weights {vocabulary}; "
            "add the tokenizer files that belong to the checkpoint (tokenizer.json, or vocab.json and merges.txt)"
        )
    return tokenizer


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
    """Feature extractor of an audio checkpoint.

    Raises:
        EmotionError: it is missing or damaged.
    """
    return _read(AutoFeatureExtractor, name, "preprocessor_config.json", "audio")


def read_scale(name: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the three colours that an image or video processor subtracts and divides by.

    They hold for pictures scaled to 0..1. The processor itself is not needed: our clips are resized on the device.

    Raises:
        EmotionError: the processor's file is missing or damaged.
    """
    local = Path(name).is_dir()
    files = [file for file in _PICTURES if not local or (Path(name) / file).is_file()] or _PICTURES[:1]
    with _mended(name, files[0], "face"):
        options = {"local_files_only": local, "image_processor_filename": files[0]}
        found, _ = ImageProcessingMixin.get_image_processor_dict(name, **options)
        mean, deviation = ([float(value) for value in found[key]] for key in ("image_mean", "image_std"))
        if len(mean) != 3 or len(deviation) != 3 or min(deviation) <= 0:
            raise ValueError(f"image_mean is {mean} and image_std is {deviation}")
    return mean, deviation


def _unused(key: str) -> bool:
    return key.startswith(_UNUSED) or ".pooler." in key


def without_extras(body: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Drop what is never used: a decoder, and a pooler, whose place our own pooling takes."""
    if body.config.is_encoder_decoder:
        body = body.get_encoder()
    if hasattr(body, "pooler"):
        body.pooler = None
    return body


def _read(kind: Any, name: str, what: str, modality: str, **options: Any) -> Any:  # noqa: ANN401 - transformers' own
    """`kind.from_pretrained`, with errors that name the mend."""
    with _mended(name, what, modality):
        return kind.from_pretrained(name, local_files_only=Path(name).is_dir(), trust_remote_code=False, **options)


@contextmanager
def _mended(name: str, what: str, modality: str) -> Iterator[None]:
    """Quiet while reading; what goes wrong becomes one line with a mend."""
    verbosity, hub_verbosity = logging.get_verbosity(), hub_logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what it would warn of is checked by us
    hub_logging.set_verbosity(ERROR)  # each of its five attempts to reach the hub
    try:
        yield
    except _FAILURES as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        mend = (
            f"the folder must hold config.json, {_NEEDED[modality]}, model.safetensors; download the checkpoint again"
            if Path(name).is_dir()
            else "check the name and the network, or download the checkpoint elsewhere and give its folder"
        )
        if "tiktoken" in reason or "sentencepiece" in reason.lower():  # transformers asks for the wrong one of the two
            reason, mend = "it is a SentencePiece model", "pip install sentencepiece protobuf"
        where = f"{modality} encoder {name}".strip()
        raise EmotionError(f"{where}: cannot read its {what} ({reason[:200]}); {mend}") from None
    finally:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)


_NEEDED = {
    "": "what its architecture needs",
    "audio": "preprocessor_config.json",
    "face": "preprocessor_config.json",
    "text": "tokenizer files",
}
