"""Every view is clicked through; hostile words stay words."""

import base64
import csv
import io

import numpy as np
import pytest
from page.planted_page import HOSTILE, LABELS, MARKUP, MODALITIES, page_data

pytestmark = pytest.mark.slow
VIEWS = ("Overview", "Confusion", "Utterances", "Dialogue", "Faces", "Modalities")


def numbers(tab):
    """How many utterances the list says that it shows, and the rows on the page."""
    said = tab.locator("p[role=status] strong").inner_text()
    return int(said.split()[0].replace(",", "")), tab.locator(".row").count()


def test_every_view_opens_from_the_bar(tab, small):
    watched = tab()
    page = watched.open(small)
    for name in VIEWS:
        page.get_by_role("link", name=name, exact=True).first.click()
        watched.wait(f"document.querySelector('nav [aria-current=page]').innerText === '{name}'")
        assert page.locator("main").inner_text().strip()
        assert page.title().startswith(name)
    page.go_back()
    watched.wait("document.querySelector('nav [aria-current=page]').innerText === 'Faces'")


@pytest.mark.parametrize("width", [400, 700, 1100, 1600])
def test_no_view_is_wider_than_the_window(tab, small, width):
    watched = tab(width=width)
    page = watched.open(small)
    for name in VIEWS:
        watched.view(name.lower())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_the_overview_says_what_it_is(tab, small):
    text = tab().open(small).locator("main").inner_text()
    for words in ("made up", "75.0", "73.0 to 82.5", "other", "lr", "fitted on 40 training utterances", "epoch 13"):
        assert words in text.replace("\xa0", " "), words
    assert MARKUP in tab().open(small).locator("#notes").inner_text()


def test_a_cell_of_the_matrix_lists_its_utterances(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("confusion")
    cell = page.locator("button.cell:not(.right):not(:disabled)").first
    count = int(cell.locator("b").inner_text())
    cell.click()
    assert page.locator(".beside .row").count() == count
    assert cell.get_attribute("aria-pressed") == "true"
    page.get_by_role("link", name="Open in the list").click()
    watched.settled()
    assert numbers(page) == (count, count)
    page.go_back()
    watched.settled()
    assert page.locator("button.cell[aria-pressed=true] b").inner_text() == str(count)
    page.get_by_label("Split", exact=True).select_option("all")
    watched.settled()
    assert page.locator("button.cell[aria-pressed=true]").count() == 0


def test_filters_sort_and_words(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("utterances")
    all_of_test, _ = numbers(page)
    certain = [
        text.split("%")[0].split()[-1] for text in page.locator(".row .verdict dd:nth-of-type(2)").all_inner_texts()
    ]
    marks = page.locator(".row .mark").all_inner_texts()
    wrong = [int(value) for value, mark in zip(certain, marks, strict=False) if "✗" in mark]
    assert wrong == sorted(wrong, reverse=True) and "✗" in marks[0]
    page.get_by_label("Actual", exact=True).select_option("sad")
    watched.settled()
    assert {text.split("\n")[0] for text in page.locator(".row .verdict dd:first-of-type").all_inner_texts()} == {"sad"}
    assert "actual=sad" in page.evaluate("location.hash")
    page.get_by_role("button", name="Reset").click()
    watched.settled()
    page.get_by_label("Split", exact=True).select_option("train")
    watched.settled()
    assert page.locator(".row .badge", has_text="seen in training").count() == page.locator(".row").count() > 0
    page.get_by_label("Missing", exact=True).select_option("face")
    watched.settled()
    assert page.locator(".row .badge", has_text="no face").count() == page.locator(".row").count() > 0
    page.get_by_role("button", name="Reset").click()
    watched.settled()
    page.get_by_label("Split", exact=True).select_option("all")
    page.get_by_label("Words or id", exact=True).fill("utterance 17")
    page.wait_for_timeout(200)  # the search box waits for the next letter
    watched.settled()
    assert numbers(page) == (1, 1)
    page.get_by_label("Words or id", exact=True).fill("nobody said this")
    page.wait_for_timeout(200)  # the search box waits for the next letter
    watched.settled()
    assert "No utterance" in page.locator("main").inner_text() and all_of_test == 36


def test_the_saved_list_is_what_is_shown_and_no_formula(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("utterances?split=all&sort=corpus")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save list as CSV").click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    data = page_data()
    assert [row["utterance"] for row in rows] == data["utterances"]["id"]
    assert rows[0]["text"] == HOSTILE[0] and rows[3]["text"] == "'" + HOSTILE[3]
    assert abs(sum(float(rows[9][label]) for label in LABELS) - 1) < 0.02
    assert not [value for row in rows for value in row.values() if value[:1] in "=+-@" and value]


def test_a_dialogue_shows_what_the_model_looked_at(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("utterances")
    page.locator(".row .meta a").first.click()
    watched.settled()
    chosen = page.locator(".turn.chosen")
    assert chosen.count() == 1 and page.url.count("u=Ses") == 1
    assert page.locator(".about").get_by_text("no audio").count() == 1
    assert page.locator(".looked li").count() == page.locator(".weight .bar").count() > 0
    assert page.locator(".arcs path").count() >= page.locator(".looked li").count() - 1
    before = page.evaluate("location.hash")
    page.locator(".lanes .segment:not(.chosen)").nth(2).click()
    assert page.evaluate("location.hash") != before and page.locator(".turn.chosen").count() == 1
    page.locator(".looked button").last.click()
    head = page.locator("h2").inner_text()
    page.get_by_role("button", name="Next dialogue").click()
    watched.settled()
    assert page.locator("h2").inner_text() != head


def test_why_the_actual_emotion_may_be_more_probable_without_a_modality(tab, small):
    said, c = page_data()["utterances"], len(LABELS)
    n = len(said["id"])
    actual, shares, hidden = (
        np.frombuffer(base64.b64decode(said[name][3:]), np.uint8).astype(float)
        for name in ("actual", "probabilities", "hidden")
    )
    known = np.flatnonzero(actual < c)
    own = actual[known].astype(int)
    rise = hidden.reshape(-1, n, c)[:, known, own] - shares.reshape(n, c)[known, own]
    watched = tab()
    page = watched.open(small)
    why = page.locator(".about").get_by_text("a hidden modality is masked")
    unlabelled = int(np.flatnonzero(actual == 255)[0])
    for row, there in (
        (known[(rise[0] > 9) & (rise[1:] < 0).all(axis=0)][0], True),
        (known[(rise < 0).all(axis=0)][0], False),
        (unlabelled, False),
    ):
        dialogue = page_data()["dialogues"][said["dialogue"][row]]["name"]
        watched.view(f"dialogue/{dialogue}?u={said['id'][row]}")
        assert why.count() == int(there)
        if there:
            assert why.inner_text().startswith(f"The actual emotion is more probable without {MODALITIES[0]}: a hidden")


def test_faces_come_worst_first_and_link_to_their_speaker(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("faces")
    shares = [float(text.split()[0]) for text in page.locator(".face .number").all_inner_texts()]
    assert shares == sorted(shares) and len(shares) == 4
    page.locator(".face p a").first.click()
    watched.settled()
    assert numbers(page)[0] == 30


def test_a_point_of_the_map_tells_its_utterance(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("modalities")
    canvas = page.locator("canvas").first
    canvas.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator(".told").first.inner_text()
    page.keyboard.press("ArrowRight")
    assert "Ses0" in first and page.locator(".told").first.inner_text() != first
    page.get_by_role("button", name="sad").click()
    assert page.get_by_role("button", name="sad").get_attribute("aria-pressed") == "false"
    canvas.focus()
    page.keyboard.press("Enter")
    watched.settled()
    assert page.url.count("#dialogue/") == 1


@pytest.mark.parametrize("width", [400, 1600])
def test_hostile_words_stay_words(tab, written, width):
    data = page_data(labels=[f"{label} {MARKUP}" for label in LABELS], said=MARKUP)
    watched = tab(width=width)
    page = watched.open(written(data | {"title": f"{MARKUP}: fusion"}))
    for view in ("overview", "confusion", "utterances?split=all&sort=corpus", "dialogue", "faces", "modalities"):
        watched.view(view)
        assert page.locator("img[src=x], main script").count() == 0 and page.title() != "run"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
    watched.view("utterances?split=all&sort=corpus")
    shown = page.locator(".row .text").all_inner_texts()
    assert [text.strip() for text in shown[:5]] == [text.strip() for text in HOSTILE]
    assert page.locator(".row .text").nth(2).evaluate("node => getComputedStyle(node).unicodeBidi") != "normal"


def test_a_run_of_words_alone_has_no_empty_places(tab, written):
    data = page_data(against=False)
    data |= dict.fromkeys(("strips", "faces", "curve", "reliability", "against")) | {
        "modalities": ["text"],
        "notes": [],
    }
    data["utterances"] |= dict.fromkeys(("hidden", "attended", "weights"))
    data["maps"] = {}
    watched = tab()
    page = watched.open(written(data))
    assert page.locator("nav a").all_inner_texts() == ["Overview", "Confusion", "Utterances", "Dialogue"]
    assert page.locator(".card:empty, .card > :empty, img").count() == 0
    for view in ("confusion", "utterances", "dialogue", "faces", "nothing/such?as=this"):
        watched.view(view)
        assert "undefined" not in page.locator("body").inner_text() and "NaN" not in page.locator("body").inner_text()
    assert page.locator("nav [aria-current]").inner_text() == "Overview"


def test_a_study_is_a_page_too(tab, study):
    page = tab().open(study)
    text = page.locator("main").inner_text()
    assert "Means of ten seeds" in text and MARKUP in text and page.locator("main img").count() == 1
