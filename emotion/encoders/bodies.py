"""The models of transformers checkpoints: loading them, and keeping their shape beside our own weights."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.encoders import checkpoint_files, heads
from emotion.encoders.base import fit_again
from emotion.encoders.checkpoint_files import REMEDY, remedied
from emotion.encoders.families import tower
from emotion.encoders.pretrained import read_config, read_part

BODY = "body"  # sub-folder of an encoder's folder
# Weights that never count without masking, and those that only a head uses: a checkpoint may lack them.
_UNUSED = ("position_ids", "masked_spec_embed", "mask_token")
_EXTRAS = ("pooler.", "decoder.", "head.")
_UNDECIDED = 1_000_000  # weights that a checkpoint may lack: what it holds is rounded to blocks by some
_DECODER = 100_000_000  # weights of a decoder that a checkpoint lacks, and that is dropped again


def read_body(name: str, modality: str, *, head: bool = False) -> Any:  # noqa: ANN401 - each has its own class
    """Model with its weights, in float32; of an encoder-decoder the encoder, of pictures and texts the pictures' half.

    With `head` the whole model, with its classification head.

    Raises:
        EmotionError: as `read_config`, or the weights are missing, damaged, or do not fit the configuration, or there
            is no head that can be used.
    """
    config = read_config(name, modality)
    if head:
        heads.check_head(config, f"{modality} encoder {name}", modality)
    with remedied(name, "weights", modality):
        held = checkpoint_files.check_weights(Path(name)) if Path(name).is_dir() else None
    if held is not None:
        _check_size(name, modality, config, held, head=head)
    options = {"output_loading_info": True, "ignore_mismatched_sizes": True, "dtype": torch.float32}
    kind, config = (heads.model_class(config), config) if head else (AutoModel, tower(config))
    body, loading = read_part(kind, name, "weights", modality, room=16 * (held or 0), config=config, **options)
    lacking = [key for key in loading["missing_keys"] if not _needless(key, head=head)]
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
    body = body if head else without_extras(body)
    for weights in body.parameters():  # those of a mapped file may begin anywhere, and sums then round otherwise
        weights.data = weights.data.clone()
    return body


def _needless(key: str, *, head: bool) -> bool:
    """Whether a weight that a checkpoint lacks is never used."""
    return key.endswith(_UNUSED) or (not head and (key.startswith(_EXTRAS) or ".pooler." in key))


def build(config: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """The part of a model that extraction uses, without memory for its weights."""
    with torch.device("meta"):
        return _made(config, head=False)


def _made(config: Any, *, head: bool) -> Any:  # noqa: ANN401
    """A model of a configuration, its weights random; see `read_body`."""
    whole = _whole(config, head=head)
    return whole if head else without_extras(whole)


def _whole(config: Any, *, head: bool) -> Any:  # noqa: ANN401
    kind, config = (heads.model_class(config), config) if head else (AutoModel, tower(config))
    return kind.from_config(config, dtype=torch.float32)


def count(module: nn.Module) -> int:
    """Parameters."""
    return sum(value.numel() for value in module.parameters())


def _check_size(name: str, modality: str, config: Any, held: int, *, head: bool) -> None:  # noqa: ANN401
    """Raise EmotionError where a configuration asks for more weights than the files hold: nothing is built then."""
    with remedied(name, "config.json", modality), torch.device("meta"):
        whole = _whole(config, head=head)
        everything, needed = count(whole), count(whole if head else without_extras(whole))
    if needed > held + _UNDECIDED or everything > 4 * held + _DECODER:
        raise EmotionError(
            f"{modality} encoder {name}: its weights do not fit its config.json, which asks for {needed} of them "
            f"where the files hold at most {held}; {REMEDY}"
        )


def build_body(folder: Path, modality: str, *, head: bool = False) -> Any:  # noqa: ANN401 - each has its own class
    """Model with weights still to be loaded, from a fitted encoder's folder; EmotionError where that is damaged."""
    with remedied(str(folder / BODY), "config.json", modality, remedy=fit_again(modality)):
        checkpoint_files.check_config(folder / BODY)
        config = AutoConfig.from_pretrained(folder / BODY, local_files_only=True, trust_remote_code=False)
        return _made(config, head=head)


def save_config(body: nn.Module, folder: Path) -> None:
    """Write the configuration that `build_body` reads."""
    config: Any = body.config
    config.dtype = torch.float32
    config.save_pretrained(folder / BODY)


def without_extras(body: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """Drop what is never used: a decoder, and a pooler or pooling head, whose place our own pooling takes."""
    if body.config.is_encoder_decoder:
        body = body.get_encoder()
    if hasattr(body, "pooler"):
        body.pooler = None
    if getattr(body, "use_head", False):  # SigLIP
        body.use_head, body.head = False, None
    return body
