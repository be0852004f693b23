"""Whatever a library raises over a checkpoint becomes one line with a remedy."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path

from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.encoders.checkpoint_files import REMEDY

_NEEDED = {
    "": "what its architecture needs",
    "audio": "preprocessor_config.json",
    "face": "preprocessor_config.json",
    "text": "tokenizer files",
}


@contextmanager
def remedied(name: str, what: str, modality: str, *, remedy: str = "") -> Iterator[None]:
    """Quiet while a library works on a checkpoint; whatever it raises becomes one line with a remedy.

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
