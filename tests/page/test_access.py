"""For everybody: axe-core finds nothing serious, and the keyboard alone is enough."""

import pytest
from page.browser import axe

pytestmark = pytest.mark.slow
VIEWS = ("overview", "confusion", "utterances", "dialogue", "faces", "modalities")
LOOK = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => `${found.id}: ${found.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`)"""


@pytest.fixture(scope="session")
def script():
    return axe()


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(tab, small, study, timeline, script, dark, width):
    watched = tab(dark=dark, width=width)
    page = watched.open(small)
    page.evaluate(script)
    for view in VIEWS:
        watched.view(view)
        if view == "confusion":
            page.locator("button.cell:not(:disabled)").first.click()
        assert page.evaluate(LOOK) == [], view
    for other in (study, timeline):
        page = watched.open(other)
        page.evaluate(script)
        assert page.evaluate(LOOK) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_button_changes_the_theme(tab, small):
    page = tab(dark=True).open(small)
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(colour) != dark
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(colour) == dark


def press(page, key, until, most=60):
    """Press a key until the element in focus is the wanted one."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate(f"document.activeElement.matches({until!r})"):
            return
    raise AssertionError(f"{until} is not reached with {key}")


def test_the_keyboard_is_enough(tab, small):
    watched = tab()
    page = watched.open(small)
    press(page, "Tab", "nav a[href='#utterances']")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    watched.settled()
    assert ring != "none" and page.evaluate("document.activeElement.id") == "main"
    press(page, "Tab", "input[type=search]")
    press(page, "Tab", ".row a")
    first = page.evaluate("document.activeElement.innerText")
    for _ in range(25):  # beyond the window: rows follow the focus
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.row, footer, body') !== null")
    for _ in range(25):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.innerText") == first
    page.keyboard.press("Enter")
    watched.settled()
    assert f"u={first}" in page.evaluate("location.hash")
    press(page, "Tab", ".turn .pick")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("location.hash.split('u=')[1]") != first and page.locator(".turn.chosen").count() == 1
    press(page, "Shift+Tab", ".looked button")
    page.keyboard.press("Enter")
    assert page.locator(".turn.chosen").count() == 1
