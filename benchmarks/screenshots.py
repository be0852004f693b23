"""Pictures of the pages of the generated corpus, for README and docs: the list of utterances, a dialogue, a timeline.

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
    if name == "timeline.png":
        tab.locator(".segment").nth(2).click()
    tab.wait_for_timeout(1500)  # strips and the first picture of the recording
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    packed = io.BytesIO()
    fewer = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    fewer.save(packed, "PNG", optimize=True)
    PICTURES.mkdir(exist_ok=True)
    with writing(PICTURES / name) as partial:
        partial.write_bytes(packed.getvalue())
    print(f"docs/pictures/{name}: {len(packed.getvalue()) // 1000} kB")


def predict(run: Path, dialogue: str, folder: Path) -> Path:
    """The page of a timeline: a dialogue of the corpus, predicted from its media by the run's own model."""
    release = run / "data" / "raw" / "synthetic" / f"Session{dialogue[4]}" / "dialog"
    emotion, model = [sys.executable, "-m", "emotion"], folder / "generated"
    subprocess.run([*emotion, "model", "pack", "--out", str(model), "--name", "generated"], cwd=run, check=True)
    options = ["--sound", str(release / "wav"), "--transcript", str(run / "data" / "index.csv"), "--formats", "html"]
    media = str(release / "avi" / "DivX" / f"{dialogue}.avi")
    subprocess.run(
        [*emotion, "predict", media, "--model", str(model), "--out", str(folder / "timeline"), *options], check=True
    )
    return folder / "timeline" / "report.html"


def main() -> None:
    """Build the pages of the run, open them and take the pictures."""
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
        take(tab, predict(run, dialogue, Path(folder)).as_uri(), "timeline.png")
        browser.close()


if __name__ == "__main__":
    main()
