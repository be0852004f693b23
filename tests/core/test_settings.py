"""Hostile and mistaken YAML: one line, at once, never the whole of what it refuses."""

import time
from typing import Annotated, Literal

import pytest
from pydantic import Field

from emotion.core.errors import EmotionError
from emotion.core.settings import Expected, Settings, read_settings, read_yaml

HOSTILE = {
    "digits": "seed: " + "9" * 6000,
    "hexadecimal": "seed: 0x" + "f" * 9000,
    "float": "lr: 1e" + "9" * 5000,
    "nested": "[" * 5000,
    "nested more": "a: " + "{b: " * 3000 + "1" + "}" * 3000,
    "nested in blocks": "".join(f"{' ' * i}a:\n" for i in range(600)),
    "laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "date": "lr: 2024-13-45",
    "day": "lr: 0000-00-00 99:99:99",
    "tag": "lr: !!python/object/apply:os.system ['true']",
    "binary": "lr: !!binary '%%%'",
    "timestamp": "lr: !!timestamp 'x'",
    "set": "!!set {? [a, b]}",
    "omap": "!!omap [1]",
    "keys": "? {a: b}\n: 1",
    "twice": "lr: 1\nlr: 2",
    "control": "lr: \x00\x1b[2J",
    "bytes": b"\xff\xfe\x00lr",
    "not utf-8": b"lr: \xff\xff",
    "tab": "\tlr: 1",
    "open": "lr: [",
    "directive": "%YAML 9.9\n---\nlr: 1",
    "documents": "a: 1\n---\nb: 2",
    "large": "# " + "x" * 2_000_000,
    "empty": "",
    "list": "- 1\n- 2",
    "text": "just words",
    "merge": "a: {<<: [1, 2]}",
}


class Face(Settings):
    size: Annotated[int, Field(ge=16, le=512)] = Field(description="px")


class Run(Settings):
    lr: Annotated[float, Field(gt=0)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    model: Literal["fusion", "cmn"]
    layers: Annotated[
        Annotated[int, Field(ge=0)] | Literal["last", "all"], Expected("last, all, or a whole number >= 0")
    ]
    face: Face


GOOD = {"lr": 1e-3, "seed": 1, "model": "fusion", "layers": "last", "face": {"size": 48}}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_one_line_at_once(tmp_path, name):
    content = HOSTILE[name]
    path = tmp_path / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    start = time.process_time()
    with pytest.raises(EmotionError) as caught:
        read_settings(Run, read_yaml(path), source=str(path))
    message = str(caught.value).replace(str(path), "params.yaml")
    assert time.process_time() - start < 3
    assert message.startswith("params.yaml: ") and message.isprintable() and len(message) < 500, message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0}, "run.yaml: lr is 0, expected a finite number > 0"),
        ({"lr": True}, "run.yaml: lr is True, expected a finite number > 0"),
        ({"lr": "1e-3"}, "run.yaml: lr is '1e-3', expected a finite number > 0"),
        ({"seed": -1}, "run.yaml: seed is -1, expected a whole number >= 0 and < 4294967296"),
        ({"seed": 1.0}, "run.yaml: seed is 1.0, expected a whole number >= 0 and < 4294967296"),
        ({"model": "fuson"}, "run.yaml: model is 'fuson', expected one of fusion, cmn; did you mean fusion?"),
        ({"layers": "first"}, "run.yaml: layers is 'first', expected last, all, or a whole number >= 0"),
        ({"layers": -1}, "run.yaml: layers is -1, expected last, all, or a whole number >= 0"),
        ({"face": {"size": 4}}, "run.yaml: face.size is 4, expected a whole number from 16 to 512"),
        ({"face": {"seize": 48}}, "run.yaml: unknown key face.seize; did you mean face.size?"),
        ({"face": {}}, "run.yaml: key face.size is missing, expected a whole number from 16 to 512"),
        ({"face": 3}, "run.yaml: face is 3, expected a section"),
        ({"colour": 3}, "run.yaml: unknown key colour; remove it"),
        ({3: 3}, "run.yaml: unknown key 3; remove it"),
        ({"seed": None}, "run.yaml: seed is None, expected a whole number >= 0 and < 4294967296"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(change, message):
    with pytest.raises(EmotionError) as caught:
        read_settings(Run, GOOD | change, source="run.yaml")
    assert str(caught.value) == message


def test_good_values_come_out_frozen_and_typed():
    run = read_settings(Run, GOOD | {"lr": 1}, source="run.yaml")
    assert (run.lr, type(run.lr), run.face.size) == (1.0, float, 48)
    with pytest.raises(ValueError, match="frozen"):
        run.lr = 2.0
