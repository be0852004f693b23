"""The files of a checkpoint's folder, looked at before any library reads them: sizes, numbers and names in bounds.

A folder may be damaged, or made by somebody who means harm. Libraries answer with errors of any type, with hours of
work for a config of a million layers, or with the memory that a number asks for. Whatever they raise becomes one line.
"""

import math
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path
from typing import Any

from huggingface_hub.utils import logging as hub_logging
from safetensors import SafetensorError, safe_open
from transformers.utils import logging

from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.core.text import quoted, shortened

REMEDY = "download the checkpoint again"
_MOST_LAYERS, _MOST_NUMBER, _MOST_LIST, _MOST_NAMES = 400, 10_000_000, 4096, 200_000
_MOST_TOKENS = 100_000  # patches of a clip
_MOST_HEADER = 32 << 20  # bytes of a safetensors file's header
_MOST_TOKENIZER = 64 << 20  # bytes of each of a tokenizer's files
_FLOATS = {"F64", "F32", "F16", "BF16"}
_COUNTERS = ("position_ids", "num_batches_tracked", "token_type_ids")  # whole numbers that old checkpoints hold
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # in the order in which transformers looks for them
_TOKENIZER = ("tokenizer.json", "vocab.json", "vocab.txt", "merges.txt", "spm.model", "sentencepiece.bpe.model")
_TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_BYTES = 2  # of a weight at least, where a file does not say how many it holds
_NEEDED = {
    "": "what its architecture needs",
    "audio": "preprocessor_config.json",
    "face": "preprocessor_config.json",
    "text": "tokenizer files",
}


class Flaw(ValueError):
    """What is wrong with a file; `remedied` makes a line of it."""


@contextmanager
def remedied(name: str, what: str, modality: str, *, remedy: str = "") -> Iterator[None]:
    """Quiet while a library reads or uses something of a checkpoint; what it raises becomes one line with a remedy.

    Args:
        name: of the checkpoint.
        what: is read or used of it.
        modality: of the encoder.
        remedy: instead of the usual one.
    """
    verbosity, hub_verbosity = logging.get_verbosity(), hub_logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what it would warn of is checked by us
    hub_logging.set_verbosity(ERROR)  # each of its five attempts to reach the hub
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (EmotionError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # damaged files have a dozen faces; a panic of Rust code is no Exception
        raise _failure(error, name, what, modality, remedy) from None
    finally:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)


def _failure(error: BaseException, name: str, what: str, modality: str, remedy: str) -> EmotionError:
    reason = str(error).strip() or type(error).__name__
    if "Weights only load failed" in reason:
        reason = "they are pickled together with other things, which are never run: a file of weights alone is needed"
    usual = (
        f"the folder must hold config.json, {_NEEDED[modality]}, model.safetensors; {REMEDY}"
        if Path(name).is_dir()
        else "check the name and the network, or download the checkpoint elsewhere and give its folder"
    )
    if "tiktoken" in reason or "sentencepiece" in reason.lower():  # transformers asks for the wrong one of the two
        reason, usual = "it is a SentencePiece model", "pip install sentencepiece protobuf"
    where = f"{modality} encoder {name}".strip()
    return EmotionError(f"{where}: cannot read its {what} ({shortened(reason)}); {remedy or usual}")


def check_config(folder: Path) -> None:
    """Raise Flaw where config.json is no settings of a model of a size that exists."""
    path = folder / "config.json"
    config = _object(path, most=8 << 20)
    for name, value in _parts(config):
        if isinstance(value, list | dict) and len(value) > (_MOST_LIST if isinstance(value, list) else _MOST_NAMES):
            raise Flaw(f"{path.name}: {shortened(name)} has {len(value)} values")
        if isinstance(value, int) and not -_MOST_NUMBER <= value <= _MOST_NUMBER:
            raise Flaw(f"{path.name}: {shortened(name)} is {quoted(value)}, far beyond any model")
        if isinstance(value, int) and "layers" in name and value > _MOST_LAYERS:
            raise Flaw(f"{path.name}: {shortened(name)} is {value}, expected at most {_MOST_LAYERS}")
    if config.get("quantization_config"):
        raise Flaw(f"{path.name}: the checkpoint is quantised, which is not supported; use one that is not")
    kernel = config.get("attn_implementation") or config.get("_attn_implementation")
    if kernel not in (None, "eager", "sdpa"):
        raise Flaw(f"{path.name}: attn_implementation is {quoted(kernel)}, expected eager or sdpa; remove the key")
    _check_pictures(path, config)


def check_weights(folder: Path) -> int | None:
    """How many weights the folder's files hold at most; None where it has none, which transformers will say.

    Raises:
        Flaw: a file is damaged, of another kind, or names files elsewhere.
    """
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return _count(folder / name)
        index = folder / f"{name}.index.json"
        if index.is_file():
            return sum(_count(shard) for shard in _shards(index))
    return None


def check_tokenizer(folder: Path) -> None:
    """Raise Flaw where a tokenizer's file is larger than any tokenizer's, or its settings are no JSON."""
    for name in _TOKENIZER:
        path = folder / name
        if path.is_file() and path.stat().st_size > _MOST_TOKENIZER:
            raise Flaw(f"{path.name}: larger than {_MOST_TOKENIZER >> 20} MiB, no tokenizer is")
    for name in _TOKENIZER_SETTINGS:
        if (folder / name).is_file():
            _object(folder / name, most=16 << 20)


def check_extractor(folder: Path) -> None:
    """Raise Flaw where a number is beyond any feature extractor: some fill tables of that size."""
    path = folder / "preprocessor_config.json"
    for key, value in _object(path, most=64 << 20).items() if path.is_file() else ():
        if isinstance(value, int | float) and not abs(value) <= _MOST_NUMBER:
            raise Flaw(f"{path.name}: {shortened(key)} is {quoted(value)}, far beyond any model")


def _object(path: Path, *, most: int) -> dict[str, Any]:
    try:
        return read_object(path, remedy="", most=most)
    except EmotionError as error:
        raise Flaw(str(error).replace(f"{path}: ", f"{path.name}: ").rstrip("; ")) from None


def _check_pictures(path: Path, config: dict[str, Any]) -> None:
    """Some models fill a table of all patches in plain Python."""
    size, patch, frames = (_first(config.get(name)) for name in ("image_size", "patch_size", "num_frames"))
    tokens = (size // max(patch, 1)) ** 2 * max(frames, 1)
    if tokens > _MOST_TOKENS or tokens * max(_first(config.get("hidden_size")), 1) > _MOST_TOKENS * 1000:
        raise Flaw(
            f"{path.name}: image_size, patch_size and num_frames make {tokens} patches of a clip, expected at most "
            f"{_MOST_TOKENS}"
        )


def _first(value: object) -> int:
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, int) else 0


def _parts(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every value inside, with the key it stands under."""
    yield name, value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _parts(part, str(key))
    elif isinstance(value, list) and len(value) <= _MOST_LIST:
        for part in value:
            yield from _parts(part, name)


def _shards(index: Path) -> list[Path]:
    """The files that hold a checkpoint in parts, all of them in its own folder."""
    names = _object(index, most=_MOST_HEADER).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise Flaw(f"{index.name}: weight_map names no file of weights")
    found = []
    for name in dict.fromkeys(value if isinstance(value, str) else quoted(value) for value in names.values()):
        if Path(name).name != name or name in (".", ".."):
            raise Flaw(f"{index.name}: {quoted(name)} lies elsewhere, expected a file of its folder")
        path = index.with_name(name)
        if not path.is_file():
            raise Flaw(f"{path.name}: not found, but {index.name} names it")
        found.append(path)
    return found


def _count(path: Path) -> int:
    return _count_safe(path) if path.suffix == ".safetensors" else _count_pickled(path)


def _count_safe(path: Path) -> int:
    """Weights of a safetensors file, which must be floats."""
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if header > min(_MOST_HEADER, path.stat().st_size):
        raise Flaw(f"{path.name}: not a whole safetensors file: its header would have {header} bytes")
    total = 0
    try:
        with safe_open(path, framework="np") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - no mapping
                part = tensors.get_slice(name)
                total += math.prod(part.get_shape())
                if part.get_dtype() not in _FLOATS and not name.endswith(_COUNTERS):
                    raise Flaw(
                        f"{path.name}: {shortened(name)} is {part.get_dtype()}, expected floats: use a checkpoint that "
                        "is not quantised"
                    )
    except (SafetensorError, OSError, ValueError, OverflowError) as error:
        if isinstance(error, Flaw):
            raise
        raise Flaw(f"{path.name}: not a whole safetensors file ({shortened(str(error))})") from None
    return total


def _count_pickled(path: Path) -> int:
    """At most so many weights are in a file of torch; nothing of it is unpickled here."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as parts:
                unpacked = sum(part.file_size for part in parts.infolist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Flaw(f"{path.name}: not a whole file of weights ({shortened(str(error))})") from None
        if unpacked > size:
            raise Flaw(f"{path.name}: packed, expected weights as torch saves them")
    return size // _BYTES
