"""The data of a page, made up: dialogues of two, an emotion for each utterance, drawn strips."""

import base64

import cv2
import numpy as np

LABELS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
SPLITS = ("train", "validation", "test")
MODALITIES = ("audio", "face", "text")
TURNS, SECONDS, KEPT = 12, 2.0, 5  # utterances of a dialogue, their length, how many the model looked at
MARKUP = "<img src=x onerror=\"document.title='run'\">"
HOSTILE = (
    MARKUP,
    "</script><script>document.title='run'</script>",
    "\u202eevil \u2066isolate",
    '=HYPERLINK("http://example.org")',
    "{{data}} {{title}} & &lt;b&gt;",
)


def packed(kind, values):
    dtype = {"u8": np.uint8, "i16": "<i2"}[kind]
    return f"{kind}:" + base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()


def picture(number):
    """A strip of eight grey squares, as JPEG."""
    shades = np.repeat(np.linspace(40, 215, 8) + number % 40, 32)
    _, data = cv2.imencode(".jpg", np.tile(shades.astype(np.uint8), (32, 1)))
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def chances(rng, count):
    """(m + 1, n, c) float: probabilities, and with each modality hidden."""
    values = rng.gamma(0.25, size=(len(MODALITIES) + 1, count, len(LABELS))) + 1e-3
    return values / values.sum(axis=2, keepdims=True)


def dialogues(count, media):
    return [
        {"name": f"Ses0{1 + i % 5}F_talk{i:03}", "session": str(1 + i % 5), "scenario": f"talk{i:03}"}
        | {"first": i * TURNS, "count": min(TURNS, count - i * TURNS), "clips": False, "width": 540, "height": 360}
        | {"media": media if i % 3 == 2 else None, "sound": None}
        for i in range(-(-count // TURNS))
    ]


def utterances(rng, rows, said):
    count, c = len(rows), len(LABELS)
    chance = chances(rng, count)
    predicted = chance[0].argmax(axis=1)
    looked = np.array([rng.permutation(TURNS)[:KEPT] for _ in rows])
    turn = np.arange(count) % TURNS
    looked[looked >= np.minimum(count - np.arange(count) + turn, TURNS)[:, None]] = -1
    return {
        "id": [f"Ses{row:05}_{'FM'[row % 2]}" for row in rows],
        "dialogue": [row // TURNS for row in rows],
        "speaker": [row % 4 for row in rows],
        "start": (SECONDS * turn).tolist(),
        "end": (SECONDS * (turn + 0.9)).tolist(),
        "text": [HOSTILE[row % 40] if row % 40 < len(HOSTILE) else f"{said} {row}" for row in rows],
        "split": packed("u8", [(row // TURNS) % 3 for row in rows]),
        "actual": packed("u8", [255 if row % 50 == 7 else rng.integers(c) for row in rows]),
        "predicted": packed("u8", predicted),
        "missing": packed("u8", [2 if row % 30 == 3 else 0 for row in rows]),
        "probabilities": packed("u8", np.round(255 * chance[0])),
        "hidden": packed("u8", np.round(255 * chance[1:])),
        "attended": packed("i16", looked),
        "weights": packed("u8", np.round(255 * np.sort(rng.dirichlet(np.ones(KEPT), count))[:, ::-1])),
    }


def scores(rng, count):
    per_class = {
        label: {"precision": 0.5, "recall": 0.75, "f1": 0.6, "support": 9, "predicted": 12} for label in LABELS
    }
    return {
        "scores": {
            "validation": {"n": count // 3, "weighted_f1": 0.81, "accuracy": 0.8},
            "test": {"n": count // 3, "weighted_f1": 0.75, "accuracy": 0.76, "macro_f1": 0.7}
            | {"unweighted_recall": 0.71, "ece": 0.12},
        },
        "details": {"test": {"per_class": per_class}},
        "interval": "73.0 to 82.5 over 10 dialogues",
        "curve": {"epoch": list(range(1, 21)), "best": 13}
        | {name: np.round(rng.random(20), 3).tolist() for name in ("train_loss", "validation_loss")}
        | {"validation_weighted_f1": np.round(rng.random(20), 3).tolist()},
        "reliability": [[0.35, 0.3, 4], [0.65, 0.5, 9], [0.95, 0.8, 40]],
    }


def page_data(count=120, *, labels=LABELS, media=None, said="words of utterance", against=True, seed=0):
    """The object that a page of a run holds; `media` is the address of every third dialogue's recording."""
    rng = np.random.default_rng(seed)
    rows = range(count)
    other = utterances(rng, rows, said)
    strips = [picture(number) for number in range(40)]
    return {
        "kind": "run",
        "title": "planted: fusion",
        "notes": [f"Another corpus than the model was trained on: {MARKUP}"],
        "corpus": {"name": "planted", "what": "made up", "utterances": count, "dialogues": -(-count // TURNS)}
        | {"speakers": 4},
        "labels": list(labels),
        "splits": list(SPLITS),
        "modalities": list(MODALITIES),
        "speakers": ["Ses01_F", "Ses01_M", f"Ses05_F {MARKUP}", "Ses05_M"],
        "run": {"model": "fusion", "changed": [["lr", "0.001", "3e-4"]]}
        | {"encoders": [[name, "paper", "fitted on 40 training utterances"] for name in MODALITIES]},
        **scores(rng, count),
        "dialogues": dialogues(count, media),
        "utterances": utterances(rng, rows, said),
        "strips": {"frames": 8, "size": 32, "embedded": [strips[row % 40] for row in rows]},
        "faces": [
            {"speaker": i, "utterances": count // 4, "coverage": 0.7 + i / 10, "rows": [i, i + 4]} for i in range(4)
        ],
        "maps": {
            name: {"xy": packed("i16", rng.normal(0, 8000, (count, 2)).clip(-32767, 32767)), "encoder": "paper"}
            | {"explained": [0.4, 0.2]}
            for name in MODALITIES
        },
        "against": {"name": "other", "interval": "70.0 to 79.0 over 10 dialogues", "changed": [["lr", "0.001", "0.01"]]}
        | {"scores": scores(rng, count)["scores"], "predicted": other["predicted"]}
        | {"probabilities": other["probabilities"]}
        if against
        else None,
        "media": {"mode": "embedded" if media else "none", "note": "no media: --media none"},
        "footer": "contains corpus text: do not publish",
    }


def study_data():
    table = {
        "title": "Means of ten seeds",
        "columns": ["model", "weighted F1"],
        "rows": [["fusion", 70.1], [MARKUP, 69.0]],
    }
    return {
        "kind": "study",
        "title": "study of planted",
        "notes": [],
        "tables": [table],
        "pictures": [{"title": "Scores", "src": picture(3)}],
        "text": ["Ten seeds each.", MARKUP],
        "footer": "",
    }
