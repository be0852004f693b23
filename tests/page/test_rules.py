"""What the page's sources promise: small, readable, joined into one script without a clash, no markup from data."""

import re
from collections import Counter

import pytest
from closure import ROOT

from emotion.page.build import TRY, assets, policy

PAGE = ROOT / "emotion" / "page"
SCRIPTS = sorted((PAGE / "js").glob("*.js"))
SOURCES = [*SCRIPTS, PAGE / "page.css"]


def test_css_and_javascript_stay_small():
    texts = {path: path.read_text(encoding="utf-8").splitlines() for path in SOURCES}
    assert sum(map(len, texts.values())) <= 1165
    long = [f"{path.name}:{i}" for path, lines in texts.items() for i, line in enumerate(lines, 1) if len(line) > 120]
    assert long == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_markup_and_asks_for_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ")
    asks = () if path.name == TRY else ("fetch(", "XMLHttpRequest")
    for never in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", *asks):
        assert never not in text, never
    assert re.findall(r"""(?:https?:)?//[a-z0-9.]+\.[a-z]{2,}/(?!2000/svg)""", text) == []


def test_the_page_of_a_run_or_a_timeline_has_nothing_that_asks():
    style, script = assets()
    assert "fetch(" not in script and "fetch(" in assets(TRY)[1] and style == assets(TRY)[0]
    assert "connect-src 'none'" in policy() and "connect-src 'self'" in policy(entry=TRY)


def test_joined_into_one_script_no_name_clashes():
    names = Counter()
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        names.update(re.findall(r"(?m)^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", text))
        for imported, file in re.findall(r'(?m)^import \{([^}]*)\} from "\./([\w.]+)";$', text):
            exported = (PAGE / "js" / file).read_text(encoding="utf-8")
            for name in re.split(r",\s*", imported.strip()):
                assert re.search(rf"(?m)^export (?:const|function) {name}\b", exported), f"{path.name}: {name}"
                assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{path.name} imports {name} and does not use it"
        assert text.count("\nimport ") == len(re.findall(r'(?m)^import \{[^}]*\} from "\./[\w.]+";$', text))
    assert {name: count for name, count in names.items() if count > 1} == {}


def test_the_template_has_its_five_places_once():
    text = (PAGE / "page.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\{\{(\w+)\}\}", text)) == ["csp", "data", "scripts", "style", "title"]
    assert " style=" not in text and not re.search(r"\son\w+=", text)
