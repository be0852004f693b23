"""Audio encoders by name: a new one from its settings, or the fitted one of a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import absent, heads, own
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.encoders.checkpoint_files import REMEDY
from emotion.encoders.egemaps import EGeMAPS
from emotion.encoders.pretrained import read_config, read_extractor
from emotion.encoders.pretrained_audio import PretrainedAudio
from emotion.encoders.settings import Audio
from emotion.media.audio import reader

AudioKinds = AudioEncoder | EGeMAPS | PretrainedAudio


def new_encoder(settings: Audio) -> AudioKinds:
    """An encoder yet to be fitted; its `rate` is that of the waveforms it takes, Hz: a checkpoint has its own.

    Raises:
        EmotionError: the checkpoint's configuration cannot be read or used, or see `own.new`.
    """
    name = settings.encoder
    heads.check_encoder(name, "audio", head=settings.head)
    if plugins.is_name(name):
        made: AudioKinds = own.new(name, "audio", **dict(settings))
        return made
    if name == "paper":
        return AudioEncoder(rate=settings.rate, front=settings.front, dim=settings.dim or 128, level=settings.level)
    if name == "egemaps":
        if settings.dim:
            raise EmotionError(
                f"audio.dim is {settings.dim}, but egemaps has 88 values and learns nothing; set it to 0"
            )
        if settings.level != "utterance":
            raise EmotionError("audio.level is frame, but egemaps has one vector per utterance; set it to utterance")
        return EGeMAPS(rate=settings.rate)
    read_config(name, "audio")
    rate = getattr(read_extractor(name), "sampling_rate", None)
    if not isinstance(rate, int) or not 1000 <= rate <= 192_000:
        raise EmotionError(
            f"audio encoder {name}: sampling_rate of its preprocessor_config.json is {quoted(rate)}, expected Hz "
            f"from 1000 to 192000; {REMEDY}"
        )
    return PretrainedAudio(encoder=name, rate=rate, level=settings.level, **settings.of_checkpoint)


def make_audio(
    index: Index, settings: Audio, *, root: Path, max_seconds: float
) -> tuple[Encoder, Callable[[Utterance], Any]]:
    """A new encoder for a corpus, and what reads an utterance's input for it; arguments and errors as of both."""
    if settings.head:
        heads.check_unseen(settings.encoder, index.corpus, "audio")
    made = new_encoder(absent.chosen(settings, index, "audio"))
    return made, reader(root, rate=made.rate, channel=settings.channel, max_seconds=max_seconds)


def load_encoder(folder: Path) -> AudioKinds:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([AudioEncoder, EGeMAPS, PretrainedAudio], folder)
