import pytest
from closure import ROOT

from emotion.core.environment import workers
from emotion.core.errors import EmotionError
from emotion.core.settings import read_part
from emotion.fusion.settings import FuseStage
from emotion.params import Params, as_yaml, changed, read_params, rows, written


@pytest.fixture
def edited(tmp_path):
    def edit(*changes):
        text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return edit


def test_the_committed_file_is_valid_and_holds_the_papers_values():
    params = read_params(ROOT / "params.yaml")
    assert (params.lr, params.weight_decay, params.batch, params.epochs) == (3e-4, 5e-5, 32, 60)
    assert params.corpus == "synthetic"


def test_the_committed_values_are_the_defaults():
    assert read_params(ROOT / "params.yaml") == Params()


def test_comments_are_the_descriptions():
    comments, section = {}, ""
    for line in (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines():
        key, _, comment = line.partition("#")
        if key.strip():
            name, _, value = key.partition(":")
            section = section if name.startswith(" ") else ""
            if value.strip():
                comments[section + name.strip()] = comment.strip()
            else:
                section = f"{name}."
    assert comments == {row.key: row.meaning for row in rows(Params(), Params())}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\nlr: 3e-4", "\nlearning: 3e-4", ["unknown key learning"]),
        ("\nepochs: 60", "\nepoch: 60", ["unknown key epoch", "did you mean epochs?"]),
        ("\n  encoding: auto", "\n  encoding: gbkk", ["index.encoding is 'gbkk'", "auto, or the name of an encoding"]),
        ("\nlr: 3e-4", "\nlr: fast", ["lr is 'fast'", "> 0", "float"]),
        ("\nlr: 3e-4", "\nlr: -1e-4", ["lr is -0.0001", "> 0"]),
        ("\nlr: 3e-4", "\nlr: .inf", ["lr is inf"]),
        ("\nlr: 3e-4", "\nlr: .nan", ["lr is nan"]),
        ("\nbatch: 32", "\nbatch: 32.5", ["batch is 32.5", "int"]),
        ("\nbatch: 32", "\nbatch: true", ["batch is True", "int"]),
        ("\nmodel: fusion", "\nmodel: transformer", ["model is 'transformer'", "bc_lstm", "cmn"]),
        ("audio+face+text", "audio+smell", ["modalities is 'audio+smell'"]),
        ("audio+face+text", "audio+audio", ["modalities is 'audio+audio'"]),
        ("\nseed: 1", "\nseed: 99999999999999999999999", ["seed is 99999999999999999999999", "4294967295"]),
        ("\nhidden: 128", "\nhidden: 100000000", ["hidden is 100000000", "8192"]),
        ("\nhistory: 10", "\nhistory: all", ["history is all", "future is 0"]),
        ("\nhistory: 10", "\nhistory: -1", ["history is -1"]),
        ("\nheads: 4", "\nheads: 7", ["heads is 7", "256"]),
        ("\ncorpus: synthetic", "\ncorpus: ../../etc", ["corpus is '../../etc'"]),
        ("  size: 48", "  size: 4", ["face.size is 4", "16 to 512"]),
        ("  folds: 1", "  folds: 0", ["fit.folds is 0", "1 to 100"]),
        ("  front: waveform", "  front: mfcc", ["audio.front is 'mfcc'", "waveform, logmel"]),
        ("  balanced: false", "  balanced: 2", ["audio.balanced is 2", "true or false"]),
        ("  layers: last ", "  layers: first ", ["audio.layers is 'first'", "last4"]),
        ("  layers: last ", "  layers: -1 ", ["audio.layers is -1", "last4"]),
        ("  pooling: mean ", "  pooling: max ", ["audio.pooling is 'max'", "mean_std"]),
        ("  level: utterance ", "  level: letter ", ["audio.level is 'letter'", "frame"]),
        ("  level: utterance          # utterance | word", "  level: 3  # ", ["text.level is 3", "word"]),
        ("\nseed: 1", "\n#", ["key seed is missing"]),
        ("\nlr: 3e-4", "\nlr: [", ["not valid YAML"]),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(edited, old, new, words):
    with pytest.raises(EmotionError) as caught:
        read_params(edited((old, new)))
    assert "\n" not in str(caught.value)
    assert [word for word in ["params.yaml", *words] if word not in str(caught.value)] == []


def test_a_stage_looks_at_its_own_keys_only(edited):
    assert read_part(FuseStage, edited(("  size: 48", "  size: 4"), ("\ncorpus: synthetic", "\n#"))).lr == 3e-4
    with pytest.raises(EmotionError, match="key seed is missing, expected a whole number"):
        read_part(FuseStage, edited(("\nseed: 1", "\n#")))
    with pytest.raises(EmotionError, match=r"unknown key epoch; did you mean epochs\?"):
        read_part(FuseStage, edited(("\nepochs: 60", "\nepoch: 60")))
    with pytest.raises(EmotionError, match="lr is 'fast', expected a finite number > 0"):
        read_part(FuseStage, edited(("\nlr: 3e-4", "\nlr: fast")))


@pytest.mark.parametrize(("text", "value"), [("1e-05", 1e-5), ("3e-4", 3e-4), ("1", 1.0)])
def test_yaml_1_2_numbers(edited, text, value):
    lr = read_params(edited(("\nlr: 3e-4", f"\nlr: {text}"))).lr
    assert lr == value and isinstance(lr, float)


def test_one_way_to_write_a_setting():
    texts = {"0.0003": 3e-4, "5e-05": 5e-5, "1": 1.0, "10": 10, "true": True, "all": "all"}
    assert {text: written(value) for text, value in texts.items()} == {text: text for text in texts}
    assert written("a\nb" + "c" * 999).startswith("a bc") and len(written("c" * 999)) < 210


def test_settings_are_changed_one_by_one_and_checked(tmp_path):
    changes = ["lr=1e-3", "face.size=64", "history=all", "future=all", 'audio.encoder="a: b"', "clip=0.5"]
    params = changed(Params(), changes)
    assert (params.lr, params.face.size, params.history, params.audio.encoder) == (1e-3, 64, "all", "a: b")
    (tmp_path / "params.yaml").write_text(as_yaml(params), encoding="utf-8")
    assert read_params(tmp_path / "params.yaml") == params


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("lr", "--set lr: expected KEY=VALUE"),
        ("lr=fast", "--set: lr is 'fast', expected a finite number > 0"),
        ("lr=", "--set lr=: expected KEY=VALUE"),
        ("lrr=1", "--set: unknown key lrr; did you mean lr?"),
        ("face.sise=1", "unknown key face.sise; did you mean face.size?"),
        ("lr.x=1", "there is no section 'lr'"),
        ("face=1", "--set: face is 1, expected a section"),
        ("heads=7", "heads is 7"),
        ("lr=[1", "--set lr=[1: not valid YAML"),
    ],
)
def test_a_wrong_change_is_one_line(change, said):
    with pytest.raises(EmotionError) as caught:
        changed(Params(), [change])
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_and_an_empty_one(tmp_path):
    with pytest.raises(EmotionError, match="not found"):
        read_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("", encoding="utf-8")
    with pytest.raises(EmotionError, match="expected keys"):
        read_params(tmp_path / "params.yaml")


def test_workers(monkeypatch):
    monkeypatch.setenv("EMOTION_WORKERS", "3")
    assert workers() == 3
    monkeypatch.delenv("EMOTION_WORKERS")
    assert workers() >= 1
    monkeypatch.setenv("EMOTION_WORKERS", "many")
    with pytest.raises(EmotionError, match="EMOTION_WORKERS is 'many'"):
        workers()
