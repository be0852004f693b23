"""Sessions held out of one's own features: encoders and features of each fold's own, made again only where needed."""

import random
import re
import shutil
from pathlib import Path

import pytest
from planted_study import recipe

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.encoders.for_text import make_text
from emotion.encoders.settings import Text
from emotion.extraction import executors
from emotion.extraction.extract_text import extract_text
from emotion.extraction.fitting import fit_encoder
from emotion.store.cache import Cache
from emotion.store.trained import digest
from emotion.study import refit
from emotion.study.study import study

ROOT = Path(__file__).parents[2]
WORDS = {"glad": ["great", "lovely", "fun"], "sad": ["alone", "tears", "gone"]}


def utterances():
    rng, rows = random.Random(0), []
    for number in range(3 * 4 * 3):
        session, dialogue, turn = 1 + number // 12, number // 3 % 4, number % 3
        split = "test" if session == 3 else ("validation" if dialogue == 0 else "train")
        label = rng.choice(list(WORDS))
        name = f"Ses{session:02}F_impro{dialogue:02}"
        text = " ".join(rng.choices([*WORDS[label], "the", "a"], k=4))
        row = Utterance(
            f"{name}_F{turn:03}", name, turn, f"Ses{session:02}_F", 0.0, 1.0, label, split, text, "", "", "full"
        )
        rows.append(row)
    return rows


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with index and text features that were fitted on two of three sessions."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    params = re.sub(r"(?m)^  epochs: \d+", "  epochs: 2", params)
    (folder / "params.yaml").write_text(params)
    write_index(folder / "data" / "index.csv", utterances(), labels=tuple(WORDS), corpus="own", notes={})
    index = read_index(folder / "data" / "index.csv")
    settings = Text(dim=8, epochs=1, lr=1e-3, weight_decay=0.0, batch=8)
    places = {"out": folder / "text", "report": folder / "text.json", "scratch": folder / "scratch"}
    fit_encoder(index, *make_text(index, settings), **places, settings=settings)
    extract_text(
        index,
        fitted=folder / "text",
        out=folder / "data" / "features" / "text.h5",
        scratch=folder / "scratch",
        budget=1,
        max_missing=0.0,
        on_error="fail",
        execute=lambda job, shards: executors.run_local(job, shards, workers=1),
        device="cpu",
    )
    return folder


@pytest.fixture
def conduct(project, monkeypatch, no_pictures):
    monkeypatch.chdir(project)
    monkeypatch.setenv("EMOTION_WORKERS", "1")
    monkeypatch.setenv("EMOTION_PATIENCE", "0")

    def run(out, **options):
        options = {"protocol": "leave-one-session-out", "models": ["cnn"], "seeds": 1} | options
        study(Path("data"), recipe=lambda model: recipe(model, epochs=1), out=Path(out), workers=1, **options)
        return Path(out)

    return run


def files(folder):
    found = {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    kept = {name: data for name, data in found.items() if "scratch" not in name.parts and name.name != "runs.csv"}
    return {name: data for name, data in kept.items() if name.parts[0] != "runs"}  # these hold times


@pytest.mark.slow
def test_each_fold_knows_nothing_of_its_session_and_a_killed_study_goes_on(conduct, monkeypatch, capsys):
    whole = conduct("whole")
    said = capsys.readouterr().err
    assert "the encoders of text know utterances that this protocol scores" in said
    assert re.search(r"into whole/folds: 3 of 3 to do, about \d+ (s|min) ", said)
    assert "1 of 3 fitted and extracted, about" in said and "3 of 3 fitted and extracted" in said
    for session in ("Ses01", "Ses02", "Ses03"):
        held_out = {digest(row.utterance) for row in utterances() if row.utterance.startswith(session)}
        with Cache(whole / "folds" / session / "features" / "text.h5") as cache:
            known = cache.training.trained_on | cache.training.chosen_on
            assert known and not known & held_out and cache.present.all()
    fit, fits = refit.fit_encoder, []

    def dying(*arguments, **options):
        fits.append(options["out"].parts[2])
        if fits.count("Ses02") == 1 and len(fits) == 2:
            raise KeyboardInterrupt
        fit(*arguments, **options)

    monkeypatch.setattr(refit, "fit_encoder", dying)
    with pytest.raises(KeyboardInterrupt):
        conduct("cut")
    conduct("cut")
    assert fits == ["Ses01", "Ses02", "Ses02", "Ses03"]
    assert files(Path("cut")) == files(whole)
    capsys.readouterr()
    conduct("cut")
    assert len(fits) == 4 and "fitted" not in capsys.readouterr().err
    # A file that was damaged since is made again.
    path = Path("cut/folds/Ses01/features/text.h5")
    path.write_bytes(path.read_bytes()[:-1])
    conduct("cut")
    assert len(fits) == 4 and files(Path("cut")) == files(whole)
    shutil.rmtree("cut")


@pytest.mark.slow
def test_what_is_needed_is_not_there(conduct, project):
    (project / "params.yaml").rename(project / "away")
    try:
        with pytest.raises(EmotionError, match=r"params\.yaml: not found"):
            conduct("none")
    finally:
        (project / "away").rename(project / "params.yaml")


def test_media_that_are_not_there(conduct, project):
    features = project / "data" / "features"
    shutil.copy(features / "text.h5", features / "audio.h5")
    try:
        with pytest.raises(
            EmotionError, match=r"data/raw/own: not found, but this protocol fits and extracts audio again"
        ):
            conduct("none")
    finally:
        (features / "audio.h5").unlink()


def test_the_split_that_they_were_fitted_on_needs_nothing(conduct):
    out = conduct("split", protocol="split")
    assert not (out / "folds").exists()
