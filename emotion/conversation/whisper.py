"""Speech and words by faster-whisper (extra `video`): Silero's detector of speech, and Whisper with word times.

Nothing is downloaded unless the user asks. The recogniser's first choice is taken, without sampling, so that the same
sound gives the same words.
"""

from pathlib import Path
from typing import Any, Final

from emotion.conversation.listen import RATE, FindSpeech, Wave
from emotion.conversation.weights import ASR_TINY, TINY, recogniser
from emotion.conversation.words import Region
from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.timeline.timeline import Word

_PAUSE: Final = 250  # ms of silence that end a region
_PAD: Final = 60  # ms that are added to it on either side
_LONGEST: Final = 28.0  # s
_NEEDED: Final = ("model.bin", "config.json", "tokenizer.json")  # a missing tokenizer would be downloaded
_SURE: Final = 0.5  # probability of a language that is kept for the rest of a recording


def speech_finder() -> FindSpeech:
    """Silero's detector of speech.

    Raises:
        EmotionError: faster-whisper is not installed.
    """
    _library()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=_PAUSE, speech_pad_ms=_PAD, max_speech_duration_s=_LONGEST)

    def find(wave: Wave) -> list[Region]:
        return [Region(span["start"] / RATE, span["end"] / RATE) for span in get_speech_timestamps(wave, options)]

    return find


class Whisper:
    """A `Recogniser`.

    Args:
        name: a folder with a model that was converted for CTranslate2, or a name that faster-whisper knows, e.g.
            `tiny.en`; that one is also found where `emotion fetch asr-tiny` has put it.
        language: code, e.g. `en`; '' = as the first words sound.
        download: fetch it from the hub where this machine does not have it.
        device: `cpu` or `cuda`.
        threads: of the processor.

    Attributes:
        language: as given or found; '' before the first words.

    Raises:
        EmotionError: faster-whisper is not installed, there is no such model here, or it does not know the language.
    """

    def __init__(
        self, name: str | Path, *, language: str = "", download: bool = False, device: str = "cpu", threads: int = 1
    ) -> None:
        self._model = _load(recogniser(str(name)), download=download, device=device, threads=threads)
        known = self._model.supported_languages
        if language and language not in known:
            expected = "en, the only one it knows" if known == ["en"] else f"one of {shortened(', '.join(known))}"
            raise EmotionError(f"language is {quoted(language)} for the recogniser {name}, expected {expected}")
        self.language = language or (known[0] if len(known) == 1 else "")

    def __call__(self, wave: Wave) -> list[Word]:
        """See `Recogniser`."""
        segments, info = self._model.transcribe(
            wave,
            language=self.language or None,
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        words = [
            Word(start := max(0.0, float(word.start)), max(start, float(word.end)), text, float(word.probability))
            for segment in segments
            for word in segment.words or ()
            if (text := word.word.strip())
        ]
        if not self.language and words and info.language_probability >= _SURE:
            self.language = info.language
        return words


def _library() -> Any:  # noqa: ANN401 - faster-whisper is untyped
    try:
        import faster_whisper
    except ImportError:
        raise EmotionError(
            "finding speech and words needs faster-whisper, which is not installed: pip install '.[video]' where the "
            "project is, or give a transcript (one without words needs --asr none)"
        ) from None
    return faster_whisper


def check_name(name: str) -> None:
    """Raise EmotionError where a recogniser cannot be meant: neither a name nor the folder of one."""
    library, folder = _library(), Path(name)
    if folder.is_dir():
        missing = [file for file in _NEEDED if not (folder / file).is_file()]
        if missing:
            raise EmotionError(f"{name}: has no {missing[0]}, expected a Whisper model converted for CTranslate2")
    elif name not in library.available_models() and name.count("/") != 1:
        names = shortened(", ".join(library.available_models()), most=200)
        raise EmotionError(f"{name}: no such recogniser; expected the folder of one, or a name: {names}")


def _load(name: str, *, download: bool, device: str, threads: int) -> Any:  # noqa: ANN401
    check_name(name)
    library, folder = _library(), Path(name)
    try:
        return library.WhisperModel(
            name, device=device, compute_type="int8", cpu_threads=threads, local_files_only=not download
        )
    except Exception as error:  # CTranslate2, the tokenizer and the hub have a kind of their own each
        if folder.is_dir():
            why = shortened(" ".join(str(error).split()))
            raise EmotionError(f"{name}: not a Whisper model converted for CTranslate2 ({why})") from None
        fetch = ASR_TINY.command if name == TINY else "--download"
        remedy = "check the name and the network"
        if not download:
            remedy = f"fetch it with {fetch}, give the folder of one, or do without words (--asr none)"
        raise EmotionError(f"the recogniser {name} is not on this machine; {remedy}") from None
