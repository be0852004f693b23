"""docs/results/speed.md: measured times beside their targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import Figure

TIMED = ("fusion", "bc_lstm", "cmn", "cnn")  # the study whose time has a target: 10 seeds each, on two cores


def speed_page(times: Mapping[str, Sequence[float]], measured: Mapping[str, Any]) -> str:
    """The Markdown page; '' where nothing was measured.

    Args:
        times: model -> seconds of each of its runs in the study of the validation dialogues.
        measured: benchmarks/results.json.
    """
    found, machines = [], []
    for area, name, most in (("CPU", "fusion", 20), ("GPU", "fusion_gpu", 5)):
        if name in measured:
            found += _fusion(area, measured[name], most)
            machines += ["", machine(area, measured[name])]
        else:
            machines += ["", f"{area}: not measured; the target there is 60 epochs of `fusion` in {most} s."]
    seconds = [second for name in TIMED for second in list(times.get(name, []))[:10]]
    if len(seconds) == 10 * len(TIMED):
        what = f"study of {', '.join(TIMED)}, 10 seeds each: sum of the runs' seconds, over two cores"
        found.append(Figure("study", what, sum(seconds) / 120, "minutes", most=20))
    if not found:
        return ""
    head = ["# Speed of training", "", "    python -m benchmarks.fusion", "", "| | what | measured | target | |"]
    rows = ["| " + " | ".join(figure.shown()) + " |" for figure in found]
    return "\n".join([*head, "| --- | --- | ---: | ---: | --- |", *rows, *machines]) + "\n"


def machine(title: str, measured: Mapping[str, Any]) -> str:
    """One line, e.g. `CPU: processor AMD EPYC, cores 2.`."""
    known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in measured["machine"].items())
    return f"{title}: {known}."


def _fusion(area: str, found: dict[str, Any], most: float) -> list[Figure]:
    size = f"{found['epochs']} epochs of `fusion`, {found['utterances']} utterances, {found['features']}-d"
    figures = [
        Figure(area, f"{size}, fastest of {found['runs']} runs", found["fastest_seconds"], "s", most=most),
        Figure(area, "the same, median", found["seconds"], "s"),
        Figure(area, "an epoch, with validation", found["seconds_per_epoch"], "s"),
        *_bare(area, found, "packed", "which computes the same states"),
        *_bare(area, found, "padded", "where the backward direction reads the padding first"),
    ]
    reference = "DialogueRNN's reference code"
    if "seconds_per_epoch_dialoguernn" in found:
        other = found["seconds_per_epoch_dialoguernn"]
        times = other / found["seconds_per_epoch"]
        figures.append(Figure(area, f"an epoch of {reference}", other, "s"))
        figures.append(Figure(area, f"times as fast as {reference}", times, "x", least=10))
    elif area == "CPU":
        what = f"times as fast as {reference}, taken to need 20 s per epoch (not measured here)"
        figures.append(Figure(area, what, found["times_faster_than_20_s_per_epoch"], "x", least=10))
    return figures


def _bare(area: str, found: dict[str, Any], kind: str, about: str) -> list[Figure]:
    loop = f"a bare loop over `nn.LSTM` on {kind} sequences"
    return [
        Figure(area, f"an epoch of {loop}, {about}", found[f"seconds_per_epoch_{kind}_lstm"], "s"),
        Figure(area, f"ratio to {loop}, median of turns", found[f"ratio_to_{kind}_lstm"], "x", most=1),
    ]
