import os
import pickle

import numpy as np
import pytest
from planted_pickle import DIALOGUES, fields, write

from emotion.core.errors import EmotionError
from emotion.exchange.importing import import_features

pytestmark = pytest.mark.usefixtures("in_process")


def imported(tmp_path, found):
    import_features(write(tmp_path / "f.pkl", found), out=tmp_path / "out", split="cosmic")


def spoil(name, dialogue, value):
    def change(found):
        found[name] = found[name] | {dialogue: value}

    return change


def drop(name):
    def change(found):
        del found[name]

    return change


FIRST, SECOND = DIALOGUES[:2]
EMPTY = {name: dict.fromkeys(DIALOGUES, ()) for name in ("speakers", "labels", "text", "audio", "visual", "sentences")}
WRONG = {
    "field": (drop("labels"), "holds 8 items, expected a tuple of 9"),
    "no dict": (lambda found: found.update(audio=[1]), "audio is a list, expected a dict"),
    "list": (lambda found: found.update(train=3), "train is a int, expected a list or set"),
    "single": (lambda found: found.update(train=np.array(3)), "train is a .*, expected a list or set"),
    "no ids": (lambda found: found["ids"].pop(FIRST), f"dialogue {FIRST} is listed .* no utterance ids"),
    "short speakers": (spoil("speakers", SECOND, ["M"]), f"dialogue {SECOND} has 1 speaker for 3 utterances"),
    "two of one name": (
        lambda found: found["labels"].update({1: [0], "1": [0]}),
        "labels has two dialogues called '1'",
    ),
    "control": (
        spoil("ids", SECOND, ["a\x1b[31m", "b", "c"]),
        f"dialogue '{SECOND}' has the text .* control characters",
    ),
    "direction": (
        spoil("speakers", SECOND, ["M\u202e", "F", "M"]),
        f"dialogue '{SECOND}' has the text .* direction marks",
    ),
    "no speaker name": (spoil("speakers", SECOND, ["", "F", "M"]), f"dialogue '{SECOND}' has an empty speaker"),
    "no speaker": (lambda found: found["speakers"].pop(SECOND), f"speakers of dialogue {SECOND} are missing"),
    "short": (spoil("audio", SECOND, [[0.0] * 4]), f"dialogue {SECOND} has 1 audio feature for 3 utterances"),
    "labels": (spoil("labels", SECOND, [0, 1]), f"dialogue {SECOND} has 2 labels for 3 utterances"),
    "sentences": (spoil("sentences", SECOND, ["a"]), f"dialogue {SECOND} has 1 sentence for 3 utterances"),
    "dimension": (spoil("audio", SECOND, [[0.0] * 5] * 3), f"{SECOND} have 5 dimensions, expected 4"),
    "ragged": (spoil("audio", SECOND, [[0.0] * 4, [0.0] * 3, [0.0] * 4]), f"{SECOND} have 3 dimensions, expected 4"),
    "words": (spoil("audio", SECOND, [["a"] * 4] * 3), f"audio features of dialogue {SECOND}: .* vector of numbers"),
    "matrix": (spoil("audio", SECOND, [np.zeros((2, 4))] * 3), "expected a vector of numbers"),
    "nested": (spoil("audio", SECOND, [[[1.0], [1.0, 2.0]]] * 3), "expected a vector of numbers"),
    "scalar": (spoil("audio", SECOND, np.array(3.0)), "audio features of dialogue .* expected a list"),
    "high": (spoil("labels", SECOND, [0, 6, 1]), "has label 6, expected 0 to 5 .*--label-names"),
    "low": (spoil("labels", SECOND, [0, -1, 1]), "has label -1, expected 0 to 5"),
    "half": (spoil("labels", SECOND, [0, 0.5, 1]), "is 0.5, expected the number of a class"),
    "ragged label": (spoil("labels", SECOND, [0, [1, [2]], 1]), f"label of dialogue {SECOND} is .* number of a class"),
    "ragged speaker": (spoil("speakers", SECOND, ["M", [1, [2]], "F"]), f"speaker of dialogue {SECOND} is .* one-hot"),
    "long label": (spoil("labels", SECOND, [0, np.eye(30), 1]), f"label of dialogue {SECOND} is .* number of a class"),
    "surrogate": (spoil("sentences", SECOND, ["a", "b\ud800", "c"]), f"dialogue '{SECOND}' has the text .* UTF-8"),
    "line in id": (spoil("ids", SECOND, ["a\rb", "b", "c"]), f"dialogue '{SECOND}' has the text .* no line ends"),
    "empty id": (spoil("ids", SECOND, ["a", "", "c"]), f"dialogue '{SECOND}' has an empty id"),
    "name": (spoil("labels", SECOND, ["sad", "sad", "sad"]), "is 'sad', expected the number of a class"),
    "hot": (spoil("speakers", SECOND, [[1, 1], [0, 1], [1, 0]]), "expected a name or a one-hot vector"),
    "both": (lambda found: found["test"].add(FIRST), f"dialogue {FIRST} is for training and for testing"),
    "twice": (spoil("ids", SECOND, ["a", "a", "b"]), f"dialogue {SECOND} lists an utterance twice"),
    "untrained": (lambda found: found.update(train=[]), "no dialogue is for training"),
    "all empty": (
        lambda found: found.update(ids={name: [] for name in DIALOGUES}, **EMPTY),
        "training have no utterances",
    ),
    "train empty": (
        lambda found: [found[name].update({key: [] for key in DIALOGUES[:5]}) for name in ("ids", *EMPTY)],
        f"dialogue {FIRST} and all others for training have no utterances",
    ),
    "nothing": (lambda found: found.update(text={}, audio={}, visual={}), "all empty, expected features"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_named_in_one_line_and_leave_nothing(tmp_path, change, message):
    found = fields()
    change(found)
    with pytest.raises(EmotionError, match=message) as caught:
        imported(tmp_path, found)
    assert "f.pkl" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [{"ids": {}}, 3, None, "text", [], np.zeros(9)], ids=repr)
def test_other_contents_are_refused(tmp_path, content):
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(EmotionError, match=r"f\.pkl: holds .*, expected a tuple of 9"):
        import_features(tmp_path / "f.pkl", out=tmp_path / "out")


def test_a_payload_inside_a_good_file_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/victim",)

    found = fields()
    found["audio"][FIRST][0] = Bomb()
    with pytest.raises(EmotionError, match=r"asks for (posix|nt)\.system, which is not allowed, and nothing was run"):
        imported(tmp_path, found)
    assert not (tmp_path / "victim").exists()
