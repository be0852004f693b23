"""Nothing in the tests may reach a hub or start more threads than it needs."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
