"""Transformers checkpoints by name or folder: loading them, and keeping their shape beside our own weights.

A folder never needs a network. A name is looked up on the Hugging Face hub, unless it is in the local cache.
"""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from emotion.errors import EmotionError

TEXT_FAMILIES = ("roberta", "xlm-roberta", "camembert")
_BODY, _TOKENIZER = "body", "tokenizer"  # sub-folders of an encoder's folder
_UNUSED = ("pooler.", "embeddings.position_ids")  # weights that we do not use and a checkpoint may lack


def load_text_checkpoint(name: str) -> tuple[nn.Module, PreTrainedTokenizerBase]:
    """Body and tokenizer of a RoBERTa checkpoint.

    Args:
        name: a local folder, or a name on the hub such as `roberta-base`.

    Raises:
        EmotionError: not found, hub out of reach, another architecture, no fitting tokenizer, or damaged weights.
    """
    where = f"text encoder {name}"
    if (name.startswith(("/", ".", "~")) or name.count("/") > 1) and not Path(name).is_dir():
        raise EmotionError(f"{where}: there is no such folder; give the folder of a checkpoint, or its name on the hub")
    config = _read(AutoConfig, name, "config.json")
    family = getattr(config, "model_type", "")
    if family not in TEXT_FAMILIES:
        raise EmotionError(f"{where}: architecture is '{family}', expected one of {', '.join(TEXT_FAMILIES)}")
    tokenizer: PreTrainedTokenizerBase = _read(AutoTokenizer, name, "tokenizer files")
    if not config.vocab_size / 2 <= len(tokenizer) <= config.vocab_size:
        raise EmotionError(
            f"{where}: its tokenizer has {len(tokenizer)} tokens, its weights {config.vocab_size}; "
            "add the tokenizer files that belong to the checkpoint (tokenizer.json, or vocab.json and merges.txt)"
        )
    body, loading = _read(AutoModel, name, "weights", output_loading_info=True, ignore_mismatched_sizes=True)
    lacking = [key for key in loading["missing_keys"] if not key.startswith(_UNUSED)]
    lacking += [str(key[0]) for key in loading["mismatched_keys"]]
    if lacking:
        raise EmotionError(
            f"{where}: its weights do not fit its config.json: {len(lacking)} tensors such as '{lacking[0]}' are "
            "missing or of another size; download the checkpoint again"
        )
    return body, tokenizer


def save_shape(body: nn.Module, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the body's configuration (not its weights) and the tokenizer, so that loading needs no hub."""
    config: Any = body.config
    config.save_pretrained(folder / _BODY)
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:  # what the last call padded and cut is no part of the tokenizer
        backend.no_truncation()
        backend.no_padding()
    for key in ("is_local", "local_files_only"):  # where it came from is not either
        tokenizer.init_kwargs.pop(key, None)
    tokenizer.save_pretrained(folder / _TOKENIZER)


def load_shape(folder: Path) -> tuple[nn.Module, PreTrainedTokenizerBase]:
    """Body with weights still to be loaded, and tokenizer, from a folder that `save_shape` wrote.

    Raises:
        EmotionError: files are missing or damaged.
    """
    config = _read(AutoConfig, str(folder / _BODY), "config.json")
    tokenizer = _read(AutoTokenizer, str(folder / _TOKENIZER), "tokenizer files")
    return AutoModel.from_config(config), tokenizer


def _read(kind: Any, name: str, what: str, **options: Any) -> Any:  # noqa: ANN401 - transformers' own classes
    """`kind.from_pretrained`, with errors that name the mend."""
    local = Path(name).is_dir()
    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # what it would warn of is checked by us
    try:
        return kind.from_pretrained(name, local_files_only=local, trust_remote_code=False, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError, EOFError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        mend = (
            "the folder must hold config.json, tokenizer files and model.safetensors; download the checkpoint again"
            if local
            else "check the name and the network, or download the checkpoint elsewhere and give its folder"
        )
        raise EmotionError(f"text encoder {name}: cannot read its {what} ({reason[:200]}); {mend}") from None
    finally:
        logging.set_verbosity(verbosity)
