import os
import pickle
import subprocess
import sys

import numpy as np
import planted_corpus
import pytest
from planted_pickle import DIALOGUES, fields, write

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.exchange.exporting import export_features
from emotion.exchange.importing import import_features
from emotion.store.cache import Cache

pytestmark = pytest.mark.usefixtures("in_process")


def contents(folder):
    names = ("index.csv", "index.json", "features/audio.h5", "features/face.h5", "features/text.h5")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("visual", [True, False])
def test_import_export_import_is_exact(tmp_path, one_hot, visual):
    found = fields(one_hot=one_hot)
    if not visual:
        found |= {"visual": {}, "sentences": {}, "test": []}
    import_features(write(tmp_path / "a.pkl", found), out=tmp_path / "a", split="cosmic")
    export_features(tmp_path / "a", out=tmp_path / "b.pkl")
    import_features(tmp_path / "b.pkl", out=tmp_path / "b", split="cosmic")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    export_features(tmp_path / "b", out=tmp_path / "c.pkl")
    assert (tmp_path / "b.pkl").read_bytes() == (tmp_path / "c.pkl").read_bytes()


def test_what_other_code_reads(tmp_path):
    found = fields()
    import_features(write(tmp_path / "a.pkl", found), out=tmp_path / "a", split="cosmic")
    export_features(tmp_path / "a", out=tmp_path / "b.pkl")
    again = pickle.loads((tmp_path / "b.pkl").read_bytes(), encoding="latin1")
    assert len(again) == 9
    for (name, before), after in zip(found.items(), again, strict=True):
        if name in ("train", "test"):
            assert set(after) == set(before)
            assert isinstance(after, list)
        elif name in ("text", "audio", "visual"):
            for dialogue in DIALOGUES:
                assert np.array_equal(np.stack(before[dialogue]), np.stack(after[dialogue]))
                assert after[dialogue][0].dtype == np.float32
        else:
            assert after == {name: before[name] for name in DIALOGUES}


def test_numpy_1_finds_its_names(tmp_path):
    import_features(write(tmp_path / "a.pkl", fields()), out=tmp_path / "a", split="cosmic")
    export_features(tmp_path / "a", out=tmp_path / "b.pkl")
    raw = (tmp_path / "b.pkl").read_bytes()
    assert b"cnumpy.core.multiarray\n_reconstruct" in raw
    assert b"numpy._core" not in raw


@pytest.mark.slow
def test_our_own_caches(tmp_path):
    """Values survive; what is missing is the training mean; speakers that are not F and M become one-hot."""
    planted = planted_corpus.plant(tmp_path)
    (tmp_path / "features").mkdir()
    for name, path in planted.features.items():
        path.rename(tmp_path / "features" / f"{name}.h5")
    export_features(tmp_path, out=tmp_path / "x.pkl")
    import_features(tmp_path / "x.pkl", out=tmp_path / "again", split="file", label_names=planted_corpus.LABELS)
    before = read_index(planted.index, test_labels=True).utterances
    after = read_index(tmp_path / "again" / "index.csv", test_labels=True).utterances
    assert [(row.utterance, row.dialogue, row.label) for row in before] == [
        (row.utterance, row.dialogue, row.label) for row in after
    ]
    assert [row.split == "test" for row in before] == [row.split == "test" for row in after]
    train = np.array([row.split == "train" for row in before])
    for name in planted_corpus.DIMS:
        here = planted.present[name]
        mean = planted.values[name][train & here].mean(0, dtype=np.float64).astype(np.float32)
        with Cache(tmp_path / "again" / "features" / f"{name}.h5") as cache:
            assert np.array_equal(cache.values(), np.where(here[:, None], planted.values[name], mean))


def test_a_modality_that_is_nowhere_is_an_empty_dict(tmp_path, capsys):
    planted = planted_corpus.plant(tmp_path)
    digest = read_index(planted.index).digest
    (tmp_path / "features").mkdir()
    for name in planted.features:
        present = planted.present[name] & (name != "audio")
        path = tmp_path / "features" / f"{name}.h5"
        planted_corpus.write_cache(path, planted.utterances, planted.values[name], present, digest=digest)
    export_features(tmp_path, out=tmp_path / "x.pkl")
    content = pickle.loads((tmp_path / "x.pkl").read_bytes())
    assert content[4] == content[5] == {}
    assert "text 6-d" in capsys.readouterr().err


def test_impossible_exports(tmp_path):
    with pytest.raises(EmotionError, match=r"index\.json: not found"):
        export_features(tmp_path, out=tmp_path / "x.pkl")
    planted = planted_corpus.plant(tmp_path)
    with pytest.raises(EmotionError, match="format is 'mmgcn'"):
        export_features(tmp_path, out=tmp_path / "x.pkl", form="mmgcn")
    with pytest.raises(EmotionError, match=r"no audio\.h5, face\.h5 or text\.h5"):
        export_features(tmp_path, out=tmp_path / "x.pkl")
    (tmp_path / "features").mkdir()
    path = tmp_path / "features" / "text.h5"
    values, present = planted.values["text"], planted.present["text"]
    planted_corpus.write_cache(path, planted.utterances, values, present, digest="0" * 64)
    with pytest.raises(EmotionError, match=r"text\.h5: made for another index"):
        export_features(tmp_path, out=tmp_path / "x.pkl")
    digest = read_index(planted.index).digest
    planted_corpus.write_cache(path, planted.utterances, values[:, None], present, digest=digest)
    with pytest.raises(EmotionError, match=r"text\.h5: holds frames"):
        export_features(tmp_path, out=tmp_path / "x.pkl")
    assert not (tmp_path / "x.pkl").exists()


@pytest.mark.slow
def test_the_commands(tmp_path):
    write(tmp_path / "a.pkl", fields())

    def emotion(*arguments):
        code = "from emotion.cli import main; main()"
        environment = os.environ | {"COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment
        )

    done = emotion("import", str(tmp_path / "a.pkl"), "--out", str(tmp_path / "a"), "--split", "cosmic")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"imported {tmp_path / 'a.pkl'} into {tmp_path / 'a'}; "
        f"next: emotion study --features {tmp_path / 'a'} --out studies/a"
    )
    done = emotion("export", "--features", str(tmp_path / "a"), "--out", str(tmp_path / "b.pkl"))
    assert done.returncode == 0, done.stderr
    done = emotion("import", str(tmp_path / "none.pkl"), "--out", str(tmp_path / "c"))
    assert done.returncode == 1
    assert (
        done.stderr
        == f"error: {tmp_path / 'none.pkl'}: no such file; expected a feature file: a pickle, .npz or .parquet\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("speakers", ["one-hot", "names"])
def test_a_file_with_numbers_for_ids_comes_back(tmp_path, speakers):
    """MELD's: dialogues and utterances are numbers, utterances counted in each dialogue, speakers one-hot of nine."""
    rng = np.random.default_rng(1)
    count = {0: 3, 1: 2, 2: 4, 5: 1}
    people = {name: rng.integers(0, 7, size=n) for name, n in count.items()}
    hot = {name: [[int(place == who) for place in range(9)] for who in row] for name, row in people.items()}
    names = {name: [f"Joey_{who}" for who in row] for name, row in people.items()}
    found = {
        "ids": {name: list(range(n)) for name, n in count.items()},
        "speakers": hot if speakers == "one-hot" else names,
        "labels": {name: rng.integers(0, 7, size=n).tolist() for name, n in count.items()},
        "text": {name: list(rng.normal(size=(n, 4)).astype(np.float32)) for name, n in count.items()},
        "audio": {name: list(rng.normal(size=(n, 3)).astype(np.float32)) for name, n in count.items()},
        "visual": {},
        "sentences": {name: ["oh"] * n for name, n in count.items()},
        "train": [0, 1, 2],
        "test": [5],
    }
    import_features(write(tmp_path / "a.pkl", found), out=tmp_path / "a", split="file", label_names=tuple("abcdefg"))
    export_features(tmp_path / "a", out=tmp_path / "b.pkl")
    again = pickle.loads((tmp_path / "b.pkl").read_bytes())
    for (name, before), after in zip(found.items(), again, strict=True):
        if name in ("text", "audio"):
            assert list(after) == list(before)
            assert all(np.array_equal(np.stack(before[key]), np.stack(after[key])) for key in before)
        else:
            assert repr(after) == repr(before), name  # 1 is not '1'
    import_features(tmp_path / "b.pkl", out=tmp_path / "b", split="file", label_names=tuple("abcdefg"))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_damaged_report_is_named(tmp_path):
    import_features(write(tmp_path / "a.pkl", fields()), out=tmp_path / "a", split="cosmic")
    (tmp_path / "a" / "import.json").write_text("[]")
    with pytest.raises(EmotionError, match=r"import\.json: damaged"):
        export_features(tmp_path / "a", out=tmp_path / "b.pkl")
