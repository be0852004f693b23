from pathlib import Path

from benchmarks.results import SECTIONS, Section, document


def test_sections_hold_the_tables_the_commands_and_the_times(tmp_path):
    here = Section("A corpus", Path("studies/a"), "What it is.", ("emotion study --out studies/a",))
    gone = Section("Another", Path("studies/b"), "", ())
    folder = tmp_path / "studies" / "a"
    folder.mkdir(parents=True)
    (folder / "study.md").write_text("# Study\n\nCorpus a.\n\n## Models\n\n| model |\n| --- |\n| fusion |\n")
    (folder / "study.png").write_bytes(b"")
    (folder / "runs.csv").write_text("model,seed,seconds\nfusion,1,10\nfusion,2,20\ncnn,1,30\n")
    text = document(tmp_path, (here, gone))
    assert "\n## A corpus\n\nWhat it is.\n\n    emotion study --out studies/a\n\nCorpus a.\n\n### Models\n" in text
    assert "![Means and intervals](../studies/a/study.png)" in text
    assert "reliability.png" not in text
    assert "| fusion | 2 | 15.0 |" in text
    assert "All runs together: 1 core minutes." in text
    assert text.endswith("Not run here: another.\n")
    assert "# Study" not in text


def test_the_page_of_this_project_is_made_from_its_own_folders():
    root = Path(__file__).parent.parent
    for section in SECTIONS:
        assert not section.folder.is_absolute()
        assert section.folder.parts[0] == "benchmarks"
        assert (root / section.folder.parts[0] / section.folder.parts[1]).is_dir()
