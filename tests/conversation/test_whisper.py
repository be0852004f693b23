"""The library is planted here; `test_real_recordings.py` has the real one."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from emotion.conversation.whisper import Whisper, speech_finder
from emotion.core.errors import EmotionError


class Model:
    languages = ("en",)
    says = ()

    def __init__(self, name, **options):
        if name == "not here" or name.startswith("hub/"):
            raise OSError("LocalEntryNotFoundError\nwith a second line")
        self.options = options
        self.supported_languages = list(self.languages)

    def transcribe(self, wave, **options):
        assert options["temperature"] == 0.0 and not options["condition_on_previous_text"]
        words = [SimpleNamespace(start=0.0, end=0.5, word=f" {text}", probability=0.9) for text in self.says]
        info = SimpleNamespace(language="fr", language_probability=0.8)
        asked.append(options["language"])
        return iter([SimpleNamespace(words=words), SimpleNamespace(words=None)]), info


def refuse(self, name, **options):
    raise Exception("two\nlines")


asked = []


@pytest.fixture
def library(monkeypatch):
    asked.clear()
    planted = ModuleType("faster_whisper")
    planted.WhisperModel = type("Planted", (Model,), {})
    planted.available_models = lambda: ["tiny", "tiny.en"]
    vad = ModuleType("faster_whisper.vad")
    vad.VadOptions = SimpleNamespace
    vad.get_speech_timestamps = lambda wave, options: [{"start": 8000, "end": 16000}]
    monkeypatch.setitem(sys.modules, "faster_whisper", planted)
    monkeypatch.setitem(sys.modules, "faster_whisper.vad", vad)
    return planted.WhisperModel


@pytest.fixture
def folder(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    return tmp_path


def test_without_the_library_its_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    for make in (speech_finder, lambda: Whisper("tiny.en")):
        with pytest.raises(EmotionError, match=r"pip install '\.\[video\]'"):
            make()


def test_regions_are_in_seconds(library):
    (region,) = speech_finder()(np.zeros(16_000, np.float32))
    assert (region.start, region.end) == (0.5, 1.0)


def test_nothing_is_downloaded_unless_asked(library, folder):
    assert Whisper(folder)._model.options["local_files_only"] is True
    assert Whisper("tiny.en", download=True)._model.options["local_files_only"] is False
    with pytest.raises(EmotionError, match="hub/some is not on this machine; fetch it with --download") as caught:
        Whisper("hub/some")
    assert "\n" not in str(caught.value)


def test_words_without_their_spaces(library, folder):
    library.says = ("I", "do.", " ")
    words = Whisper(folder)(np.zeros(16_000, np.float32))
    assert [word.text for word in words] == ["I", "do."] and words[0].probability == 0.9


def test_the_language_of_the_first_words_is_kept(library, folder):
    library.languages, library.says = ("en", "fr"), ()
    whisper = Whisper(folder)
    whisper(np.zeros(16_000, np.float32))
    assert whisper.language == ""
    library.says = ("oui",)
    for _ in range(2):
        whisper(np.zeros(16_000, np.float32))
    assert whisper.language == "fr" and asked == [None, None, "fr"]


def test_languages_that_the_model_does_not_know(library, folder):
    assert Whisper(folder).language == "en"
    with pytest.raises(EmotionError, match=r"language is 'de' .*expected en, the only one"):
        Whisper(folder, language="de")
    library.languages = ("en", "fr")
    with pytest.raises(EmotionError, match="one of en, fr"):
        Whisper(folder, language="xx")


def test_what_is_no_model_is_named(library, folder, tmp_path):
    with pytest.raises(EmotionError, match=r"no such recogniser; .*tiny, tiny\.en"):
        Whisper("tny.en")
    library.__init__ = refuse
    with pytest.raises(EmotionError, match=r"not a Whisper model converted for CTranslate2 \(two lines\)"):
        Whisper(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EmotionError, match=r"has no tokenizer\.json"):
        Whisper(folder)
