"""Nothing in the tests may reach a hub or start more threads than it needs."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests run on all cores already
