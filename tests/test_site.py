"""The documentation: its example runs as it stands, its links lead somewhere, and the site builds without a warning."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from closure import ROOT

from benchmarks.planted_run import plant
from emotion.evaluation.rows import read_rows

PAGES = sorted(ROOT.glob("docs/*.md"))
BUILD = re.search(r"^\t@(python -m sphinx .*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]


def example():
    """The block of Python in docs/api.md."""
    (found,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.M | re.S)
    return found


@pytest.mark.slow
def test_the_example_in_python_runs_as_written(tmp_path, monkeypatch, capsys):
    rows = plant(tmp_path, lengths=(6, 4, 5, 7))
    monkeypatch.chdir(tmp_path)
    exec(compile(example(), "docs/api.md", "exec"), {})
    head, first, *turns = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"{len(rows)} utterances, \d+ with audio", head)
    assert re.fullmatch(rf"{rows[0].utterance} \([01], 12\)", first)
    known = read_rows(tmp_path / "models" / "fusion" / "probabilities.csv", remedy="")
    classes = list(known[0])[3:]
    expected = []
    for row in known:
        if row["split"] == "test":
            best = max(classes, key=lambda name: float(row[name]))
            expected.append((row["utterance"], best, float(row[best])))
    assert len(turns) == 7 == len(expected)
    for line, (utterance, best, chance), row in zip(turns, expected, rows[-7:], strict=True):
        *said, given = line.split()
        assert said == [utterance, row.speaker, best] and float(given) == pytest.approx(chance, abs=0.006)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere_on_github_too(page):
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_first_page_leads_to_all_others():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#]+)", text)}
    assert set(PAGES) - {ROOT / "docs" / "index.md"} <= linked


class Page(HTMLParser):
    """Where a page's links lead, and the names that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for key, value in attrs:
            if key in ("href", "src") and value:
                self.links.append(value)
            if key == "id":
                self.names.add(value)


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_its_links_lead_somewhere(tmp_path):
    pytest.importorskip("furo", reason="the extra `site` is not installed: make site")
    out = tmp_path / "site"
    command = BUILD.replace("build/site", str(out)).replace("build/doctrees", str(tmp_path / "doctrees"))
    done = subprocess.run([sys.executable, *command.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path: Page(path) for path in out.rglob("*.html")}
    assert {out / "docs" / f"{page.stem}.html" for page in PAGES} <= set(pages)
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if url.scheme or url.netloc:
                continue
            names = pages[target].names | {""} if target in pages else {"", url.fragment}
            if not target.exists() or unquote(url.fragment) not in names:
                wrong.append((path.name, link))
    assert wrong == []
