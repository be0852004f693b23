"""Good files of every kind that the product reads, small, written by its own writers where it has one.

Each function fills a folder with subfolders: one for each variant that `benchmarks.fuzzing.readers` reads by itself.
"""

import csv
import io
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("angry", "glad", "sad")
WORDS = ("well", "I was there", "you said so, yes", "café \u201cno\u201d", "what?")
_ROOT = Path(__file__).parents[2]
_SPLITS = ("train", "train", "validation", "test")


def rows(count: int = 12) -> list[dict[str, str]]:
    """Rows of somebody's own table."""
    return [
        {
            "utterance": f"u{i}",
            "dialogue": f"d{i // 3}",
            "turn": str(i % 3),
            "speaker": f"s{i // 3}",
            "start": f"{0.1 * (i % 3):.1f}",
            "end": f"{0.1 * (i % 3) + 0.3:.1f}",
            "label": LABELS[i % 3],
            "text": WORDS[i % len(WORDS)],
            "split": _SPLITS[(i // 3) % 4],
        }
        for i in range(count)
    ]


def table_text(lines: Sequence[dict[str, str]], mark: str = ",") -> str:
    """As a spreadsheet saves it."""
    page = io.StringIO()
    writer = csv.DictWriter(page, list(lines[0]), delimiter=mark, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return page.getvalue()


def tables(folder: Path) -> None:
    """CSV, TSV, Excel and Parquet, several encodings, one with sound files, one with names of its own."""
    import soundfile

    text = table_text(rows())
    own = text.replace("label", "emotion", 1).replace("text", "sentence", 1)
    files = {
        "utf8/utterances.csv": text.encode(),
        "mark/utterances.csv": text.encode("utf-8-sig"),
        "wide/utterances.csv": text.encode("utf-16"),
        "tabs/utterances.tsv": table_text(rows(), "\t").encode(),
        "sep/utterances.csv": b"sep=;\r\n" + table_text(rows(), ";").replace("0.", "0,").encode(),
        "own/utterances.csv": own.encode(),
        "own/columns.yaml": b"emotion: label\nsentence: text  # what is said\n",
        "sound/utterances.csv": table_text([row | {"audio": f"{row['dialogue']}.wav"} for row in rows()]).encode(),
    }
    for name, content in files.items():
        _file(folder / name, content)
    for number in range(4):
        wave = 0.1 * np.sin(np.arange(8000) / (5 + number))
        soundfile.write(folder / f"sound/d{number}.wav", wave, 8000)
    _excel(folder / "excel" / "utterances.xlsx")
    _parquet(folder / "parquet" / "utterances.parquet")


def _excel(path: Path) -> None:
    try:
        from openpyxl import Workbook
    except ImportError:  # an extra
        return
    book = Workbook()
    lines = rows()
    book.active.append(list(lines[0]))
    for row in lines:
        book.active.append([float(value) if name in ("start", "end") else value for name, value in row.items()])
    path.parent.mkdir()
    book.save(path)


def _parquet(path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:  # an extra
        return
    path.parent.mkdir()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows()), path)


def iemocap(folder: Path) -> None:
    """Five sessions of two dialogues: text files as in the release, empty media."""
    for session in range(1, 6):
        for number, letter in enumerate("FM"):
            name = f"Ses{session:02d}{letter}_impro{number + 1:02d}"
            here = folder / "release" / f"Session{session}" / "dialog"
            turns = [(f"{name}_{'FM'[turn % 2]}{turn:03d}", 1.0 + 2 * turn, turn) for turn in range(4)]
            said = [f"{turn} [{start:08.4f}-{start + 1.5:08.4f}]: {WORDS[i % 5]}" for turn, start, i in turns]
            codes = (("hap", "Happiness"), ("sad", "Sadness"), ("xxx", "Anger"), ("neu", "Neutral"))
            rated = [
                f"[{start:.4f} - {start + 1.5:.4f}]\t{turn}\t{codes[i][0]}\t[2.5000, 2.0000, 3.5000]\n"
                f"C-E2:\t{codes[i][1]};\t()\nC-E3:\tNeutral; Anger;\t(so: what)\nC-{turn[-4]}1:\tHappiness;\t()\n"
                f"A-E3:\tval 2; act 4; dom  4;\t()\n"
                for turn, start, i in turns
            ]
            head = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
            _file(here / "transcriptions" / f"{name}.txt", ("\n".join([*said, "F: (sighs)"]) + "\n").encode())
            _file(here / "EmoEvaluation" / f"{name}.txt", (head + "\n".join(rated)).encode())
            for place in (here / "wav" / f"{name}.wav", here / "avi" / "DivX" / f"{name}.avi"):
                _file(place, b"")


def meld(folder: Path) -> None:
    """MELD's three CSV files."""
    for split in ("train", "dev", "test"):
        lines = [
            {
                "Sr No.": str(i + 1),
                "Utterance": WORDS[i % 5],
                "Speaker": ("Ross", "Joey")[i % 2],
                "Emotion": ("joy", "anger", "neutral")[i % 3],
                "Sentiment": "neutral",
                "Dialogue_ID": str(i // 3),
                "Utterance_ID": str(i % 3),
                "Season": "8",
                "Episode": "21",
                "StartTime": f"00:16:{10 + i:02d},059",
                "EndTime": f"00:16:{11 + i:02d},731",
            }
            for i in range(6)
        ]
        content = table_text(lines).encode().replace("\u201c".encode(), "\x93".encode())
        _file(folder / "csv" / f"{split}_sent_emo.csv", content)


def params(folder: Path) -> None:
    """params.yaml of the project itself."""
    _file(folder / "params" / "params.yaml", (_ROOT / "params.yaml").read_bytes())


def recipes(folder: Path) -> None:
    """The recipes of the project itself, one by one."""
    for path in (_ROOT / "recipes").glob("*.yaml"):
        _file(folder / path.stem / path.name, path.read_bytes())


def features(turns: int = 3) -> tuple[Any, ...]:
    """The field's tuple of nine."""
    rng = np.random.default_rng(0)
    names = [f"Ses0{1 + i % 5}F_impro{i:02d}" for i in range(6)]
    block = [{name: list(rng.normal(size=(turns, size)).astype(np.float32)) for name in names} for size in (5, 4, 3)]
    return (
        {name: [f"{name}_F{turn:03d}" for turn in range(turns)] for name in names},
        {name: ["FM"[turn % 2] for turn in range(turns)] for name in names},
        {name: [(turn + len(name)) % 3 for turn in range(turns)] for name in names},
        *block,
        {name: [WORDS[turn] for turn in range(turns)] for name in names},
        names[:4],
        set(names[4:]),
    )


def pickles(folder: Path) -> None:
    """The field's feature pickle, by several protocols."""
    content = features()
    vectors = [{name: np.stack(values) for name, values in block.items()} for block in content[3:6]]
    for protocol in (0, 2, 4):
        _file(folder / f"protocol{protocol}" / "features.pkl", pickle.dumps(content, protocol=protocol))
    _file(folder / "stacked" / "features.pkl", pickle.dumps((*content[:3], *vectors, *content[6:]), protocol=2))


def _file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def as_json(content: object) -> bytes:
    """JSON as our writers lay it out."""
    return (json.dumps(content, indent=2) + "\n").encode()
