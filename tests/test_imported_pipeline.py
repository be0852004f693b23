"""The pipeline of imported features depends on all the code that makes its results."""

from closure import ROOT, import_closure
from ruamel.yaml import YAML

from emotion.recipes import read_recipe

FOLDER = ROOT / "benchmarks" / "iemocap_features"
STAGES = YAML(typ="safe").load(FOLDER / "dvc.yaml")["stages"]
ENTRY = dict.fromkeys(("study", "parts", "sessions"), "study/study") | {"import": "exchange/importing"}


def test_code_deps_are_the_import_closure():
    assert set(STAGES) == set(ENTRY)
    recipes = {path.relative_to(ROOT).as_posix() for path in (ROOT / "recipes").glob("*.yaml")}
    for name, entry in ENTRY.items():
        wanted = import_closure(ROOT / "emotion" / f"{entry}.py")
        wanted |= set() if name == "import" else {"emotion/recipes.py"}
        wanted |= recipes if name in ("study", "parts") else set()
        found = [dep.removeprefix("../../") for dep in STAGES[name]["deps"] if dep.startswith("../../")]
        assert sorted(found) == sorted(wanted), name


def test_every_parameter_is_used():
    keys = YAML(typ="safe").load(FOLDER / "params.yaml")
    commands = " ".join(stage["cmd"] for stage in STAGES.values())
    flat = [f"{key}.{sub}" for key, value in keys.items() if isinstance(value, dict) for sub in value]
    flat += [key for key, value in keys.items() if not isinstance(value, dict)]
    assert [key for key in flat if f"${{{key}}}" not in commands] == []


def test_the_reference_is_the_same_for_unseen_speakers():
    unseen = FOLDER / "unseen_speakers"
    assert read_recipe("fusion", unseen) == read_recipe("fusion", ROOT / "recipes")
    known, other = (read_recipe("speaker_fusion", folder) for folder in (ROOT / "recipes", unseen))
    assert {key for key in known if known[key] != other[key]} == {"hidden", "members", "mixstyle"}
