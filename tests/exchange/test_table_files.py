"""npz, Parquet and MMSA: what goes out, and that the tables come back as they were."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import planted_corpus
import pytest
from planted_pickle import fields, write

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.exchange.exporting import export_features
from emotion.exchange.importing import import_features
from emotion.store.cache import Cache

pytestmark = pytest.mark.usefixtures("in_process")
FORMS = ("npz", "parquet")


@pytest.fixture
def planted(tmp_path):
    """Own features: people who are in several dialogues, times, and modalities that some utterances lack."""
    found = planted_corpus.plant(tmp_path / "data", lengths=(3, 2, 4, 3, 2, 3))
    folder = tmp_path / "own"
    (folder / "features").mkdir(parents=True)
    for name in ("index.csv", "index.json"):
        shutil.copy(found.index.with_name(name), folder / name)
    for name, path in found.features.items():
        shutil.copy(path, folder / "features" / f"{name}.h5")
    return folder


def known(folder):
    """Everything that models see of a folder."""
    index, found = read_index(folder / "index.csv", test_labels=True), {}
    for path in sorted((folder / "features").glob("*.h5")):
        with Cache(path) as cache:
            rows = [cache.row(row.utterance) for row in index.utterances]
            values = [cache.values()[cache.offsets[row]].tolist() if cache.present[row] else None for row in rows]
        found[path.stem] = values
    rows = [
        (r.utterance, r.dialogue, r.turn, r.speaker, r.start, r.end, r.label, r.split, r.text) for r in index.utterances
    ]
    return index.labels, rows, [(r.scenario, r.gender) for r in index.utterances], found


def table(path, form):
    return path / f"f.{form}"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_own_features_come_back_as_they_were(planted, tmp_path, form):
    assert any(value is None for values in known(planted)[3].values() for value in values)
    export_features(planted, out=table(tmp_path, form), form=form)
    import_features(table(tmp_path, form), out=tmp_path / "back")
    assert known(tmp_path / "back") == known(planted)
    export_features(tmp_path / "back", out=tmp_path / "again", form=form)
    assert (tmp_path / "again").read_bytes() == table(tmp_path, form).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_an_imported_pickle_comes_back_as_it_was(tmp_path, form):
    import_features(write(tmp_path / "a.pkl", fields()), out=tmp_path / "a", split="cosmic")
    export_features(tmp_path / "a", out=table(tmp_path, form), form=form)
    import_features(table(tmp_path, form), out=tmp_path / "b")
    assert known(tmp_path / "b") == known(tmp_path / "a")
    with pytest.raises(EmotionError, match="split paper leaves 5 dialogues for training and 0 for validation"):
        import_features(table(tmp_path, form), out=tmp_path / "c", split="paper")


def test_what_others_read_of_the_tables(planted, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    export_features(planted, out=tmp_path / "f.npz", form="npz")
    export_features(planted, out=tmp_path / "f.parquet", form="parquet")
    _, rows, _, features = known(planted)
    with np.load(tmp_path / "f.npz", allow_pickle=False) as arrays:
        assert arrays["utterance"].tolist() == [row[0] for row in rows]
        assert arrays["sentence"].tolist() == [row[8] for row in rows]
        assert arrays["audio"].dtype == np.float32 and arrays["start"].tolist() == [row[4] for row in rows]
        present = arrays["audio_present"].tolist()
        assert present == [value is not None for value in features["audio"]]
        assert not arrays["audio"][~np.array(present)].any()
    columns = parquet.read_table(tmp_path / "f.parquet").to_pydict()
    assert columns["audio"] == features["audio"] and columns["label"] == [row[6] for row in rows]


def test_the_layout_of_mmsa(planted, tmp_path):
    export_features(planted, out=tmp_path / "f.pkl", form="mmsa")
    content = pickle.loads((tmp_path / "f.pkl").read_bytes(), encoding="latin1")
    labels, rows, _, features = known(planted)
    assert list(content) == ["train", "valid", "test"]
    for name, split in (("train", "train"), ("valid", "validation"), ("test", "test")):
        mine, part = [row for row in rows if row[7] == split], content[name]
        assert part["id"] == [f"{row[1]}$_${row[0]}" for row in mine]
        assert part["raw_text"] == [row[8] for row in mine] and part["annotations"] == [row[6] for row in mine]
        assert part["classification_labels"].tolist() == [labels.index(row[6]) for row in mine]
        assert part["regression_labels"].dtype == np.float32
        place = {row[0]: number for number, row in enumerate(rows)}
        for key, modality in (("audio", "audio"), ("text", "text")):
            assert part[key].shape == (len(mine), 1, len(next(filter(None, features[modality]))))
            for row, values in zip(mine, part[key], strict=True):
                own = features[modality][place[row[0]]]
                assert own is None or values[0].tolist() == own
        assert part["audio_lengths"] == [1] * len(mine)


def spoiled(tmp_path, planted, **changes):
    """The .npz with some arrays changed; None = left out."""
    export_features(planted, out=tmp_path / "f.npz", form="npz")
    with np.load(tmp_path / "f.npz") as file:
        arrays = {name: file[name] for name in file.files}
    arrays = {name: value for name, value in (arrays | changes).items() if value is not None}
    np.savez(tmp_path / "f.npz", **arrays)
    return tmp_path / "f.npz"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label_names": None}, "missing: label_names"),
        ({"turn": np.zeros(2)}, r"turn has shape \(2,\), expected \(17,\)"),
        ({"label": np.array(["?"] * 17)}, r"utterance 1: label is '\?', expected one of"),
        ({"utterance": np.array(["u"] * 17)}, "17 utterances, expected some, each with an id of its own"),
        ({"split": np.array(["train", "test"] * 8 + ["train"])}, "is in several splits, expected one"),
        ({"split": np.array(["test"] * 17)}, "no dialogue is for training"),
        ({"end": np.zeros(17)}, "is not after start"),
        ({"audio": np.zeros(17, dtype=np.float32)}, r"audio has shape \(17,\) of float32, expected \(17, d\)"),
        ({"audio_present": np.zeros(17)}, "audio_present has shape .* of float64, expected .* of bool"),
        ({"audio": None, "text": None, "face": None}, "holds none of audio, face, text"),
        ({"label": np.array([{}] * 17, dtype=object)}, "not a whole .npz file .Object arrays cannot be loaded"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(planted, tmp_path, changes, words):
    path = spoiled(tmp_path, planted, **changes)
    with pytest.raises(EmotionError, match=words) as caught:
        import_features(path, out=tmp_path / "back")
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert str(caught.value).count("export it again") == 1 and not (tmp_path / "back").exists()


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_file_is_one_line(planted, tmp_path, form):
    path = table(tmp_path, form)
    export_features(planted, out=path, form=form)
    whole = path.read_bytes()
    for cut in (len(whole) // 2, 60, len(whole) - 9):
        path.write_bytes(whole[:cut])
        with pytest.raises(EmotionError, match=rf"f\.{form}: (not a whole|is a )"):
            import_features(path, out=tmp_path / "back")


def test_a_table_of_others_is_no_export(tmp_path):
    np.savez(tmp_path / "f.npz", x=np.zeros(3))
    with pytest.raises(EmotionError, match="holds x, expected the columns of an export"):
        import_features(tmp_path / "f.npz", out=tmp_path / "back")


def test_no_other_kind_of_file_is_replaced(planted, tmp_path):
    (tmp_path / "mine").write_text("mine")
    for form in ("mmsa", *FORMS):
        with pytest.raises(EmotionError, match="another file is there and is not replaced"):
            export_features(planted, out=tmp_path / "mine", form=form)
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("form", "name"),
    [("npz", "y.pkl"), ("parquet", "y.npz"), ("parquet", "y.csv"), ("mmsa", "y.npz"), ("dialoguernn", "y.parquet")],
)
def test_a_name_of_another_format_is_refused(planted, tmp_path, form, name):
    with pytest.raises(EmotionError, match=f"ends in '{Path(name).suffix}', but a file of another kind is written"):
        export_features(planted, out=tmp_path / name, form=form)
    assert not (tmp_path / name).exists()
