"""Excel and Parquet files, and a table's own names of columns."""

import datetime
import io
import sys
import zipfile

import openpyxl
import pyarrow
import pyarrow.parquet as parquet
import pytest
from cases.inputs import rows, table

from emotion.core.errors import EmotionError
from emotion.corpus import sheets
from emotion.corpus.table import read_table

MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def excel(path, *pages, title="Sheet"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, lines in enumerate(pages):
        page = book.create_sheet(f"{title}{number or ''}")
        for line in lines:
            page.append(line)
    book.save(path)


def with_part(path, name, content):
    """The same Excel file with other content in one of its parts."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))


@pytest.fixture
def inline(monkeypatch):
    """Sheets read in this process: what the child does, without its start."""
    monkeypatch.setattr(sheets, "run", lambda work, tasks, **_: enumerate(map(work, tasks)))


def refused(root):
    with pytest.raises(EmotionError) as error:
        read_table(root)
    message = str(error.value)
    assert message.startswith(str(root)) and "\n" not in message and len(message) < 1000
    return message.removeprefix(str(root))


@pytest.mark.slow
def test_an_excel_file_is_read_in_a_process_of_its_own(tmp_path):
    lines = [
        [None, None],
        ["Utterance", "Label ", None, "Turn", "Start", "End", "Speaker"],
        ["u1", "glad", None, 1.0, 0.5, datetime.time(0, 0, 2, 500000), 3],
        [None, None, None, None],
        ["u2", "sad", None, 2, 1.25, datetime.timedelta(minutes=1), 3.0, None, None],
    ]
    excel(tmp_path / "mine.xlsx", lines, [["another page"]])
    (tmp_path / "~$mine.xlsx").write_bytes(b"Excel's lock")
    found = [(r.utterance, r.label, r.turn, r.start, r.end, r.speaker) for r in read_table(tmp_path).utterances]
    assert found == [("u1", "glad", 1, 0.5, 2.5, "3"), ("u2", "sad", 2, 1.25, 60.0, "3")]


@pytest.mark.usefixtures("inline")
def test_pages_and_places_of_an_excel_file(tmp_path):
    good = [["utterance", "label"], ["u1", "a"], ["u2", "b"]]
    excel(tmp_path / "x.xlsx", [["notes"]], good, title="utterances")
    assert "no column utterance, label; its columns are notes; rename one" in refused(tmp_path)
    excel(tmp_path / "x.xlsx", good, [["notes"]], title="Utterances")
    assert read_table(tmp_path).labels == ("a", "b")
    excel(tmp_path / "x.xlsx", [*good, ["u1", "c"]])
    assert "/x.xlsx: row 4: utterance 'u1' is there already" in refused(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        (
            "xl/worksheets/sheet1.xml",
            MAIN + b'<row r="999999999999"/></sheetData></worksheet>',
            "more cells or letters",
        ),
        ("xl/worksheets/sheet1.xml", MAIN + b" " * (129 << 20), "unpacks to 129 MiB"),
        ("xl/worksheets/sheet1.xml", MAIN + b"<row><c", "not an Excel file"),
        ("xl/workbook.xml", b"<html/>", "has no visible sheet"),
        ("[Content_Types].xml", b"", "not an Excel file"),
    ],
)
@pytest.mark.usefixtures("inline")
def test_hostile_and_damaged_excel_files(tmp_path, part, content, message):
    excel(tmp_path / "x.xlsx", [["utterance", "label"]])
    with_part(tmp_path / "x.xlsx", part, content)
    assert message in refused(tmp_path)


@pytest.mark.usefixtures("inline")
def test_a_file_whose_suffix_is_wrong(tmp_path):
    for content, message in [
        (b"utterance,label\n", "not an Excel file; give it the name .csv if it is text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or protected Excel file"),
        (b"", "not an Excel file"),
    ]:
        (tmp_path / "x.xlsx").write_bytes(content)
        assert message in refused(tmp_path)
    (tmp_path / "x.xlsx").rename(tmp_path / "x.xls")
    assert "found x.xls; save it as .csv or .xlsx" in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "library", "extra"), [("x.xlsx", "openpyxl", "xlsx"), ("x.parquet", "pyarrow", "parquet")]
)
@pytest.mark.usefixtures("inline")
def test_a_library_that_is_not_there(tmp_path, monkeypatch, name, library, extra):
    (tmp_path / name).write_bytes(b"")
    monkeypatch.setitem(sys.modules, library, None)
    assert f"needs {library}: pip install -e '.[{extra}]' where the project is, or save it as CSV" in refused(tmp_path)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([{"x": 1}, {"x": 2}], "column 'label' holds struct<x: int64>, expected text or numbers"),
        ([["a"], ["b"]], "column 'label' holds list<"),
        ([b"a", b"b"], "column 'label' holds binary"),
    ],
)
@pytest.mark.usefixtures("inline")
def test_odd_types_of_parquet(tmp_path, column, message):
    parquet.write_table(pyarrow.table({"utterance": ["u1", "u2"], "label": column}), tmp_path / "x.parquet")
    assert message in refused(tmp_path)
    table_ = pyarrow.table(
        {"utterance": ["u1", "u2"], "label": ["a", "b"], "mood": column, "__index_level_0__": [0, 1]}
    )
    parquet.write_table(table_, tmp_path / "x.parquet")
    reading = read_table(tmp_path)
    assert reading.labels == ("a", "b") and ["mood"] in [places for _, places in reading.notes.items()]


@pytest.mark.usefixtures("inline")
def test_kinds_of_numbers_in_parquet(tmp_path):
    columns = {
        "Utterance": pyarrow.array(["u1", "u2"]).dictionary_encode(),
        "label": [1, 2],
        "turn": [3.0, None],
        "speaker": [7.0, 8.0],
        "start": pyarrow.array([datetime.timedelta(seconds=1.5), None], pyarrow.duration("us")),
        "end": pyarrow.array([datetime.time(0, 0, 4, 500000), datetime.time(0, 1)], pyarrow.time64("us")),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
    found = [(r.utterance, r.label, r.turn, r.speaker, r.start, r.end) for r in read_table(tmp_path).utterances]
    assert found == [("u1", "1", 3, "7", 1.5, 4.5), ("u2", "2", 1, "8", 0.0, 60.0)]


def test_a_bomb_costs_its_process_only(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "TIME", 0.01)
    excel(tmp_path / "x.xlsx", [["utterance", "label"]])
    assert "cannot be read: not finished after 0 s; save the table as CSV" in refused(tmp_path)


def test_own_names_of_columns(tmp_path):
    table(tmp_path, [{"Emotion": line["label"], "id": line["utterance"], "label": "x"} for line in rows()])
    assert "no column utterance; its columns are Emotion, id, label; rename one, or write columns.yaml" in refused(
        tmp_path
    )
    (tmp_path / "columns.yaml").write_text("emotion: label\nID: Utterance\n")
    reading = read_table(tmp_path)
    assert reading.labels == ("glad", "sad") and reading.utterances[0].utterance == "u0"
    assert ["label"] in [places for _, places in reading.notes.items()]  # a column that now means nothing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("emotion: lable\n", "'emotion' stands for 'lable', did you mean label?"),
        ("label: emotion\n", "did you mean emotion: label?"),
        ("emotion: feelings of all\n", "expected one of utterance, dialogue"),
        ("mood: label\n", "names column 'mood', but utterances.csv has utterance, label, speaker, text"),
        ("text: label\nspeaker: label\n", "column label is given twice"),
        ("- emotion\n", "expected lines OWN NAME: OUR NAME"),
        ("emotion\n", "expected lines OWN NAME: OUR NAME"),
        ("a: [1\n", "not valid YAML"),
        ("text: {a: 1}\n", "'text' stands for {'a': 1}"),
        ("x: " + "9" * 6000, "columns.yaml: "),
    ],
)
def test_faults_in_own_names(tmp_path, text, message):
    table(tmp_path, rows())
    (tmp_path / "columns.yaml").write_text(text)
    assert message in (found := refused(tmp_path)) and found.startswith("/columns.yaml: ")


def test_double_names(tmp_path):
    (tmp_path / "utterances.csv").write_text("utterance,label,Label ,x,x\nu1,a,b,c,d\n")
    assert "column label is there twice ('label', 'Label '); rename one" in refused(tmp_path)
    (tmp_path / "utterances.csv").write_text("utterance,label,x,x\nu1,a,c,d\nu2,b,c,d\n")
    assert read_table(tmp_path).labels == ("a", "b")


def test_formulas_without_a_value_are_refused(tmp_path, inline):
    lines = [["utterance", "label", "text"], ["u1", "glad", None], ["u2", "=B2", None], ["u3", "sad", None]]
    excel(tmp_path / "mine.xlsx", lines)
    assert ": row 3: formula '=B2' has no value in the file; open it" in refused(tmp_path)
    page = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(tmp_path / "mine.xlsx") as archive:
        content = archive.read(page)
    computed = b'<c r="B3" t="str"><f>B2</f><v>glad</v></c><c r="C3" t="str"><f>IF(1,"","")</f><v></v></c>'
    begin, end = content.index(b'<c r="B3"'), content.index(b"</row>", content.index(b'<c r="B3"'))
    with_part(tmp_path / "mine.xlsx", page, content[:begin] + computed + content[end:])
    found = read_table(tmp_path).utterances
    assert [(row.label, row.text) for row in found] == [("glad", ""), ("glad", ""), ("sad", "")]
