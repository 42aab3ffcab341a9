"""FL Alliance: federated learning on Flower, judged and paid by a blockchain."""

from pathlib import Path

_root = Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "chain").is_dir():
    # A checkout keeps chain/, strategies/, arena/ and conf/ beside this folder; an installed
    # package has them inside it. Either way they are imported as fl_alliance.<name>.
    __path__.append(str(_root))
