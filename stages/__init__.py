"""One thin script per DVC stage. Python imports this first: until the stage begins, Ctrl-C ends it at once."""

from emotion.core import dvc_index, interrupts

interrupts.leave_at_once()
dvc_index.settle()
