"""A real browser: Debian's chromium, driven by Playwright; what it logs and asks for is written down."""

import os
import shutil
import time
from contextlib import contextmanager

import pytest

GO = """(route) => new Promise((done) => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done()));
  if (location.hash === `#${route}`) return drawn();
  addEventListener("hashchange", drawn, { once: true });
  location.hash = route;
})"""  # two pictures: the list draws its rows before the second
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")  # it beeps
INSTALLED = ("chromium", "chromium-browser", "google-chrome")


def chromium():
    """Path of the browser, or a visible skip."""
    found = next(filter(None, (shutil.which(name) for name in INSTALLED)), None)
    if found is None:
        pytest.skip("no chromium: .ci/system-packages python browser (as root on Debian or Ubuntu)")
    return found


@contextmanager
def started():
    """A running browser; a visible skip where Playwright or chromium is absent."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[test-slow]'")
    path = chromium()
    os.environ.setdefault("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", *MICROPHONE])
        yield browser
        browser.close()


def axe():
    """axe-core's script, or a visible skip."""
    found = pytest.importorskip("axe_playwright_python.base", reason="no axe: pip install -e '.[test-slow]'")
    return found.AXE_FILE_PATH.read_text(encoding="utf-8")


class Watched:
    """A tab, with the errors that it logged and the addresses that it asked for beyond its own."""

    def __init__(self, browser, *, width=1600, height=1000, dark=False):
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        self.context.set_default_timeout(10_000)
        self.tab = self.context.new_page()
        self.errors, self.requests, self.homes = [], [], []
        self.tab.on("console", lambda message: self.errors.append(message.text) if message.type != "log" else None)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))

    def open(self, address):
        self.tab.goto(address)
        self.homes.append(self.tab.url.split("#")[0])
        return self.tab

    def view(self, route):
        """Go to a view of the page by its address."""
        self.tab.evaluate(GO, route)
        return self.tab

    def settled(self):
        """The tab, once what was clicked has had its effect."""
        self.tab.wait_for_timeout(50)
        self.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self.tab

    def wait(self, condition, seconds=10):
        """Look until it holds; Playwright's own waiting runs text as code, which the page's policy forbids."""
        end = time.monotonic() + seconds
        while not self.tab.evaluate(condition):
            assert time.monotonic() < end, f"after {seconds} s not yet: {condition}"
            self.tab.wait_for_timeout(20)

    def strangers(self):
        """Addresses asked for that are neither the page, nor within it, nor on its server."""
        roots = [home.rsplit("/", 1)[0] + "/" if home.startswith("http") else home for home in self.homes]
        return [url for url in self.requests if not url.startswith((*roots, "data:", "blob:"))]

    def close(self):
        self.context.close()
