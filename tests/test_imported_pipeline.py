"""The pipeline of imported features depends on all the code that makes its results."""

from closure import ROOT, import_closure
from ruamel.yaml import YAML

from emotion.core.settings import read_part
from emotion.fusion.settings import FuseStage

FOLDER = ROOT / "benchmarks" / "iemocap_features"
STAGES = YAML(typ="safe").load(FOLDER / "dvc.yaml")["stages"]


def test_code_deps_are_digests():
    assert set(STAGES) == {"code", "import", "fuse", "study", "parts", "sessions", "protocols"}
    scripts = [word.partition("=")[0] for word in STAGES["code"]["cmd"].split() if ".py" in word]
    assert scripts == ["emotion/exchange/importing.py", "stages/fuse.py", "emotion/commands/study.py"]
    assert {"emotion/study/study.py", "emotion/fusion/recipes.py"} <= import_closure(ROOT / scripts[2])
    for name, stage in STAGES.items():
        if name != "code":
            wanted = f".code/{({'import': 'importing', 'fuse': 'fuse'}).get(name, 'study')}.txt"
            assert [dep for dep in stage["deps"] if "code" in dep or dep.endswith(".py")] == [wanted], name
            assert ("../../recipes" in stage["deps"]) == (name not in ("import", "fuse")), name


def test_every_parameter_is_used():
    keys = YAML(typ="safe").load(FOLDER / "params.yaml")
    commands = " ".join(stage["cmd"] for stage in STAGES.values())
    flat = [f"{key}.{sub}" for key, value in keys.items() if isinstance(value, dict) for sub in value]
    flat += [key for key, value in keys.items() if not isinstance(value, dict) and key not in STAGES["fuse"]["params"]]
    assert [key for key in flat if f"${{{key}}}" not in commands] == []


def test_the_fusion_stage_has_the_keys_of_the_projects_own():
    ours = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]["fuse"]["params"]
    assert STAGES["fuse"]["params"] == ours
    lines = [
        {line.partition(":")[0]: line for line in (folder / "params.yaml").read_text(encoding="utf-8").splitlines()}
        for folder in (FOLDER, ROOT)
    ]
    different = {key for key in ours if lines[0][key] != lines[1][key]}
    assert different == {"modalities"} and read_part(FuseStage, FOLDER / "params.yaml").modalities == "audio+text"
