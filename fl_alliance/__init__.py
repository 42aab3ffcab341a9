"""FL Alliance: federated learning on Flower, judged and paid by a blockchain."""

import os
from pathlib import Path

# Flower and Ray report usage to their makers unless told not to, and read this when they are imported.
os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

_root = Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "chain").is_dir():
    # A checkout keeps chain/, strategies/, arena/ and conf/ beside this folder; an installed
    # package has them inside it. Either way they are imported as fl_alliance.<name>.
    __path__.append(str(_root))
