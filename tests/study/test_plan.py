import shutil
from dataclasses import replace

import pytest
from closure import ROOT, import_closure
from planted_study import plant, recipe

from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.fusion.models import registry
from emotion.study.folds import make_folds
from emotion.study.missing import subsets
from emotion.study.plan import _CODE, code_digest, runs, variants


def planned(models=("fusion", "cnn"), **options):
    arguments = {"modalities": ["audio", "face", "text"], "ablate": [], "ablated": ["fusion"], "epochs": None}
    return variants({model: recipe(model) for model in models}, **arguments | {"length": 48.4} | options)


def test_an_ablation_changes_one_thing():
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
    with pytest.raises(EmotionError, match=r"--ablate speakers: fusion has no such part; .*: inertia, speaker_fusion"):
        planned(ablate=["speakers"])


def test_nothing_is_ablated_twice():
    found = planned(ablate=["attention", "context", "attention"])
    assert [item.name for item in found] == ["fusion", "fusion without attention", "fusion without context", "cnn"]


def test_several_models_are_ablated():
    found = planned(ablate=["attention", "residual"], ablated=["cnn", "fusion"])
    assert [item.name for item in found] == ["fusion", "fusion without attention", "fusion without residual", "cnn"]
    found = planned(["fusion", "mdre"], ablate=["context"], ablated=["mdre", "fusion"])
    names = ["fusion", "fusion without context", "mdre", "mdre without context"]
    assert [item.name for item in found] == names
    assert [item.full for item in found] == ["fusion", "fusion", "mdre", "mdre"]


def test_models_that_vote_are_left_with_one_member():
    recipes = {"fusion": recipe("fusion", members=1), "cnn": recipe("cnn", members=3)}
    options = {"modalities": ["text"], "ablate": ["members"], "epochs": None, "length": 5.0}
    full, cnn, one = variants(recipes, ablated=["fusion", "cnn"], **options)
    assert [full.name, cnn.name] == ["fusion", "cnn"]
    assert one == replace(cnn, name="cnn with one member", settings=cnn.settings | {"members": 1})
    with pytest.raises(EmotionError, match=r"--ablate members: fusion has no such part; .*--ablate-models: cnn$"):
        variants(recipes, ablated=["fusion"], **options)
    with pytest.raises(EmotionError, match=r"--ablate members: fusion has no such part; leave it out$"):
        planned(ablate=["members"])


def test_epochs_and_subsets():
    assert {item.settings["epochs"] for item in planned(epochs=7)} == {7}
    assert {item.settings["epochs"] for item in planned()} == {3}
    assert subsets(["a", "b"]) == [("a",), ("b",), ("a", "b")]


@pytest.mark.slow
def test_a_run_is_named_after_all_that_it_depends_on(tmp_path):
    cnn = {"models": ["cnn"], "ablated": [], "modalities": ["audio", "text"]}

    def names(folder, plan=None, **options):
        features = {name: folder / "features" / f"{name}.h5" for name in ("audio", "text")}
        folds = make_folds(folder / "index.csv", protocol=options.pop("protocol", "split"))
        arguments = {"seeds": 2, "features": features, "conditions": False, "folder": tmp_path} | options
        return {run.path.name for run in runs(plan or planned(**cnn), folds, **arguments)}

    folder = plant(tmp_path / "a")
    before = names(folder)
    assert len(before) == 2
    assert names(folder) == before
    assert names(folder, seeds=3) > before
    others = [
        names(folder, planned(**cnn, epochs=9)),
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


@pytest.mark.slow
def test_a_run_depends_on_what_it_is_asked_for_only(tmp_path):
    folder = plant(tmp_path / "a")
    plan = planned(["fusion"], ablate=["modalities", "attention"], modalities=["audio", "text"])

    def names(**options):
        features = {name: folder / "features" / f"{name}.h5" for name in ("audio", "text")}
        folds = make_folds(folder / "index.csv", protocol="split")
        arguments = {"seeds": 1, "features": features, "conditions": False, "folder": tmp_path} | options
        return {run.variant.name: run.path.name for run in runs(plan, folds, **arguments)}

    before, after = names(), names(conditions=True)
    assert {name for name in before if before[name] != after[name]} == {"fusion"}
    shutil.copy(plant(tmp_path / "b", noise=2.5) / "features" / "text.h5", folder / "features")
    after = names()
    assert {name for name in before if before[name] == after[name]} == {"fusion on audio"}


@pytest.mark.slow
def test_the_code_that_counts_is_what_a_run_imports():
    """Left out: what reads the index and the votes (they are in the digest itself), checks, reports or writes."""
    core = {f"core/{name.stem}" for name in (ROOT / "emotion" / "core").glob("*.py")}
    store = {f"store/{name}" for name in ("attributes", "disk", "layout", "opening", "overlap", "structure", "trained")}
    index = {f"corpus/{name}" for name in ("decoding", "identity", "reading", "sense", "sides", "traces", "utterance")}
    index |= {"corpus/protocols", "corpus/scenarios", "corpus/raters", "evaluation/annotators", "evaluation/rows"}
    no_matter = {"__init__", "fusion/saved", *index, *store, *core}
    needed = import_closure(ROOT / "emotion" / "study" / "run.py")
    found = {path.removeprefix("emotion/").removesuffix(".py") for path in needed}
    models = {f"fusion/models/{entry.place.partition(':')[0]}" for entry in registry.MODELS.values()}
    assert len(models) == len(registry.MODELS)
    assert found - no_matter - models - {"study/folds", "study/plan"} == set(_CODE)
    for model in models:
        own = import_closure(ROOT / "emotion" / f"{model}.py")
        assert own <= {
            "emotion/__init__.py",
            "emotion/core/torchaudio_cpu.py",
            "emotion/fusion/models/base.py",
            "emotion/fusion/models/rng.py",
            "emotion/fusion/models/layers.py",
            "emotion/training/__init__.py",
            "emotion/training/recurrent.py",
            f"emotion/{model}.py",
        }


@pytest.mark.slow
def test_an_edit_of_the_code_reaches_the_runs_it_concerns(tmp_path):
    models = {"fusion", "cmn"}
    root = shutil.copytree(ROOT / "emotion", tmp_path / "emotion", ignore=shutil.ignore_patterns("__pycache__"))

    def changed(name, text):
        before = {model: code_digest(model, root) for model in models}
        (root / name).write_text((root / name).read_text() + text)
        code_digest.cache_clear()
        read_code.cache_clear()
        return {model for model in models if code_digest(model, root) != before[model]}

    assert changed("study/report.py", "x = 1\n") == set()
    assert changed("fusion/train.py", "# a comment\n") == set()
    assert changed("fusion/models/cmn.py", "x = 1\n") == {"cmn"}
    assert changed("fusion/train.py", "x = 1\n") == models
