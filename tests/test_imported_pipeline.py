"""The pipeline of imported features depends on all the code that makes its results."""

from closure import ROOT, import_closure
from ruamel.yaml import YAML

from emotion.fusion.recipes import read_recipe

FOLDER = ROOT / "benchmarks" / "iemocap_features"
STAGES = YAML(typ="safe").load(FOLDER / "dvc.yaml")["stages"]


def test_code_deps_are_digests():
    assert set(STAGES) == {"code", "import", "study", "parts", "sessions", "protocols"}
    scripts = [word.partition("=")[0] for word in STAGES["code"]["cmd"].split() if ".py" in word]
    assert scripts == ["emotion/exchange/importing.py", "emotion/commands/study.py"]
    assert {"emotion/study/study.py", "emotion/fusion/recipes.py"} <= import_closure(ROOT / scripts[1])
    for name, stage in STAGES.items():
        if name != "code":
            wanted = ".code/importing.txt" if name == "import" else ".code/study.txt"
            assert [dep for dep in stage["deps"] if "code" in dep or dep.endswith(".py")] == [wanted], name
            assert ("../../recipes" in stage["deps"]) == (name in ("study", "parts")), name


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
