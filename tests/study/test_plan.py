from dataclasses import replace

import pytest
from planted_study import plant, recipe

from emotion.errors import EmotionError
from emotion.study.folds import make_folds
from emotion.study.plan import runs, subsets, variants


def planned(models=("fusion", "cnn"), **options):
    arguments = {"modalities": ["audio", "face", "text"], "ablate": [], "ablated": ["fusion"], "epochs": None}
    return variants({model: recipe(model) for model in models}, **arguments | {"length": 48.4} | options)


def test_one_thing_is_taken_away_at_a_time():
    found = planned(ablate=["attention", "context", "residual", "modalities"])
    names = ["fusion", "fusion without attention", "fusion without context", "fusion without residual"]
    parts = ["audio", "face", "text", "audio+face", "audio+text", "face+text"]
    assert [item.name for item in found] == [*names, *(f"fusion on {part}" for part in parts), "cnn"]
    full, attention, context, residual, audio, *_ = found
    assert attention == replace(full, name=attention.name, settings=full.settings | {"attention": False})
    assert residual == replace(full, name=residual.name, settings=full.settings | {"residual": False})
    assert (context.history, context.future, context.settings["batch"]) == (0, 0, 4 * 48)
    assert audio == replace(full, name="fusion on audio", modalities=("audio",))
    assert {item.full for item in found[:-1]} == {"fusion"}


def test_speakers_are_hidden_from_the_models_that_see_them():
    found = planned(("fusion", "speaker_fusion"), ablate=["speakers"], ablated=["fusion", "speaker_fusion"])
    assert [item.name for item in found] == ["fusion", "speaker_fusion", "speaker_fusion without speakers"]
    with pytest.raises(EmotionError, match=r"--ablate speakers: fusion has no such part; .*: speaker_fusion"):
        planned(ablate=["speakers"])


def test_epochs_and_subsets():
    assert {item.settings["epochs"] for item in planned(epochs=7)} == {7}
    assert {item.settings["epochs"] for item in planned()} == {3}
    assert subsets(["a", "b"]) == [("a",), ("b",), ("a", "b")]


def test_a_run_is_named_after_all_that_it_depends_on(tmp_path):
    def names(folder, plan=None, **options):
        features = {name: folder / "features" / f"{name}.h5" for name in ("audio", "text")}
        folds = make_folds(folder / "index.csv", protocol=options.pop("protocol", "split"))
        arguments = {"seeds": 2, "features": features, "conditions": False, "folder": tmp_path} | options
        return {run.path.name for run in runs(plan or planned(["cnn"], ablated=[]), folds, **arguments)}

    folder = plant(tmp_path / "a")
    before = names(folder)
    assert len(before) == 2
    assert names(folder) == before
    assert names(folder, seeds=3) > before
    others = [
        names(folder, planned(["cnn"], ablated=[], epochs=9)),
        names(folder, conditions=True),
        names(plant(tmp_path / "b", noise=2.5)),
        names(plant(tmp_path / "c", seed=1)),
        names(folder, protocol="leave-one-session-out"),
    ]
    assert len(others[-1]) == 6
    for other in others:
        assert not other & before
    lines = (folder / "index.csv").read_text().replace(",validation,", ",train,", 1)
    (folder / "index.csv").write_text(lines)
    assert not names(folder) & before
