"""Dialogues laid out as IEMOCAP's release has them, a few files each."""

HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


def block(name, label, start, end, votes=("Neutral;",) * 3, own="Neutral;"):
    raters = "".join(f"C-E{number}:\t{vote}\t()\n" for number, vote in enumerate(votes, start=2))
    scales = "A-E3:\tval 2; act 4; dom  4;\t()\nA-F1:\tval 2; act 3; dom  3;\t(Excited; no)\n"
    return f"[{start} - {end}]\t{name}\t{label}\t[2.5000, 2.5000, 2.5000]\n{raters}C-F1:\t{own}\t(moved)\n{scales}\n"


def dialogue(root, name, *, transcript, evaluation="", media=("wav", "avi")):
    folder = root / f"Session{int(name[3:5])}" / "dialog"
    for path, content in [
        (folder / "transcriptions" / f"{name}.txt", transcript),
        (folder / "EmoEvaluation" / f"{name}.txt", HEADER + evaluation if evaluation else ""),
        (folder / "wav" / f"{name}.wav", "w" if "wav" in media else ""),
        (folder / "avi" / "DivX" / f"{name}.avi", "a" if "avi" in media else ""),
    ]:
        path.parent.mkdir(parents=True, exist_ok=True)
        if content:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07")
