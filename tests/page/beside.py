"""A run beside an experiment: what `emotion view` serves, and what the two runs' own files say."""

import csv
import json
import re
import signal
import subprocess
from contextlib import contextmanager

from clones import environment


@contextmanager
def viewed(folder, *options):
    """The address that `emotion view` prints; it is ended afterwards."""
    command = ["python", "-u", "-m", "emotion", "view", "--no-browser", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    server = subprocess.Popen(command, cwd=folder, env=environment(folder), **pipes)
    try:
        said = []
        for line in server.stdout:
            said.append(line)
            if found := re.search(r"look at it: (http://\S+)", line):
                break
        assert found, said
        yield found[1]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def scored(folder):
    """Metrics of the run in the workspace, and utterance -> what is predicted."""
    with (folder / "metrics" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        predicted = {row["utterance"]: row["predicted"] for row in csv.DictReader(file)}
    return json.loads((folder / "metrics" / "metrics.json").read_text(encoding="utf-8")), predicted


def links(page):
    """Addresses of the utterances in the list."""
    return [link.get_attribute("href") for link in page.locator(".row .meta a").all()]
