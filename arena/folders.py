"""A LoRA adapter that other tools left as two files in a folder, as the one file that a submission is."""

from pathlib import Path

from fl_alliance.arena.adapters import Adapter, AdapterSpec, pack_adapter, read_terms
from fl_alliance.arena.errors import FolderForeign, NotAFile, TermsRefused, shown
from fl_alliance.arena.files import read_regular
from fl_alliance.arena.headers import MAX_HEADER_BYTES, read_header
from fl_alliance.arena.tensors import check_size, read_arrays

_MOST_TERMS_BYTES = 200
_NEEDED = "exactly one NAME.safetensors and one NAME.json with rank and alpha"


def pack_folder(folder: Path, spec: AdapterSpec) -> bytes:
    """Return the submission that a folder's adapter makes.

    Raises
    ------
    SubmissionRefused
        It holds anything but one `.safetensors` and one `.json` of exactly `{"rank": ..., "alpha": ...}`, both regular
        files, or the adapter is one that `load_adapter` would refuse.
    """
    weights, terms = _two_files(folder)
    try:
        rank, alpha = read_terms(read_regular(terms, _MOST_TERMS_BYTES).decode("utf-8"), spec)
    except UnicodeDecodeError:
        raise TermsRefused("no UTF-8", "JSON with rank and alpha") from None
    most = spec.parameters(rank) * 8 + MAX_HEADER_BYTES
    blob = read_regular(weights, most)
    check_size(blob, spec.parameters(rank))
    return pack_adapter(Adapter(rank, alpha, read_arrays(blob, read_header(blob), spec.shapes(rank))))


def _two_files(folder: Path) -> tuple[Path, Path]:
    if folder.is_symlink() or not folder.is_dir():
        raise NotAFile(folder.name, "no folder")
    names = sorted(path.name for path in folder.iterdir())
    weights = [name for name in names if name.endswith(".safetensors")]
    terms = [name for name in names if name.endswith(".json")]
    if len(names) != 2 or len(weights) != 1 or len(terms) != 1:
        raise FolderForeign(f"{len(names)} files: {', '.join(map(shown, names[:5])) or 'none'}", _NEEDED)
    return folder / weights[0], folder / terms[0]
