"""`ro-crate-metadata.json` after RO-Crate 1.1: every file of the archive with what it is, its size and its sha256.

Source: https://w3id.org/ro/crate/1.1, sections "Root Data Entity" and "Data Entities".
"""

from collections.abc import Mapping
from typing import Any

from fl_alliance.crate.contents import Entry

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
NAME = "ro-crate-metadata.json"
_SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"
_SOFTWARE, _LICENSE, _AUDIT = "#fl-alliance", "#license", "#audit"


def metadata(entries: Mapping[str, Entry], *, name: str, description: str, published: str, code: str) -> dict[str, Any]:
    """Return the metadata of an archive.

    Parameters
    ----------
    entries : mapping of str to Entry
        Every file by its path in the archive, without the metadata itself.
    published : str
        A day, ISO 8601: that of the chain's last block, so that the archive depends on the run alone.
    code : str
        Digest of the code that the task pins.
    """
    paths = sorted(entries)
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": name,
        "description": description,
        "datePublished": published,
        "license": {"@id": _LICENSE},
        "hasPart": [{"@id": path} for path in paths],
        "mainEntity": {"@id": "audit.json"},
        "mentions": {"@id": _AUDIT},
    }
    about = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    licence = {
        "@id": _LICENSE,
        "@type": "CreativeWork",
        "name": "not stated",
        "description": "Who may use what is here is for the sites and the coordinator to agree on.",
    }
    software = {
        "@id": _SOFTWARE,
        "@type": "SoftwareApplication",
        "name": "FL Alliance",
        "description": "What ran, by the digest that the task pins on chain.",
        "softwareVersion": code,
    }
    audit = {
        "@id": _AUDIT,
        "@type": "CreateAction",
        "name": "fl-alliance audit",
        "instrument": {"@id": _SOFTWARE},
        "object": [{"@id": path} for path in paths if path.startswith("run/")],
        "result": [{"@id": "audit.json"}, {"@id": "audit.html"}],
    }
    files = [_file(path, entries[path]) for path in paths]
    return {"@context": [CONTEXT, {"sha256": _SHA256}], "@graph": [about, root, *files, licence, software, audit]}


def _file(path: str, entry: Entry) -> dict[str, Any]:
    return {
        "@id": path,
        "@type": "File",
        "name": entry.name,
        "encodingFormat": entry.kind,
        "contentSize": str(entry.size),
        "sha256": entry.sha256,
    }
