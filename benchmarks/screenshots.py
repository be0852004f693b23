"""Two pictures of the page of the generated corpus, for README and docs: the list of utterances and a dialogue.

`python -m benchmarks.screenshots [RUN]`, after `make repro`, of the run in this folder or in another; needs chromium
and the extra `test-slow`. Pictures of another corpus are refused: they would show people and what they said.
"""

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from emotion.core.files import writing

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1600, 1000  # px
COLOURS = 256  # of a picture's palette: a third of the bytes; no colour moves by more than a few steps of 256


def certain_mistake(run: Path) -> tuple[str, str]:
    """Dialogue and id of the test utterance that the model is surest of and wrong about."""
    with (run / "metrics" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        wrong = [row for row in csv.DictReader(file) if row["actual"] != row["predicted"]]
    surest = max(wrong, key=lambda row: float(row[row["predicted"]]))
    return surest["dialogue"], surest["utterance"]


def take(tab: "Page", address: str, name: str) -> None:
    """Write the picture of one view."""
    tab.goto(address)
    tab.locator(".row, .turn").first.wait_for()
    tab.wait_for_timeout(1500)  # strips and the first picture of the recording
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    packed = io.BytesIO()
    fewer = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    fewer.save(packed, "PNG", optimize=True)
    PICTURES.mkdir(exist_ok=True)
    with writing(PICTURES / name) as partial:
        partial.write_bytes(packed.getvalue())
    print(f"docs/pictures/{name}: {len(packed.getvalue()) // 1000} kB")


def main() -> None:
    """Build the page of the run, open it and take both pictures."""
    from playwright.sync_api import sync_playwright

    run = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    corpus = json.loads((run / "data" / "index.json").read_text(encoding="utf-8")).get("corpus")
    if corpus != "synthetic":
        sys.exit(f"error: the run is of {corpus}: pictures are taken of the generated corpus only")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    dialogue, utterance = certain_mistake(run)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = Path(folder) / "report.html"
        subprocess.run([sys.executable, "-m", "emotion", "report", str(run), "--out", str(page)], cwd=ROOT, check=True)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        take(tab, f"{page.as_uri()}#utterances", "utterances.png")
        take(tab, f"{page.as_uri()}?#dialogue/{dialogue}?u={utterance}", "dialogue.png")
        browser.close()


if __name__ == "__main__":
    main()
