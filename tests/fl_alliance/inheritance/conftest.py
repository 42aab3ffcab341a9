"""Import the helper module beside this file under its plain name, which the tests here import it by."""

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("market_folder", Path(__file__).with_name("market_folder.py"))
assert _spec is not None
assert _spec.loader is not None
sys.modules["market_folder"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["market_folder"])
