"""`ro-crate-metadata.json` after RO-Crate 1.1: every file of the archive with what it is, its size and its sha256.

Source: https://w3id.org/ro/crate/1.1, sections "Root Data Entity" and "Data Entities".
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from fl_alliance.crate.contents import Entry

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
LICENSE = "https://spdx.org/licenses/Apache-2.0"
NAME = "ro-crate-metadata.json"
_SOFTWARE = "#fl-alliance"


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
        "license": {"@id": LICENSE},
        "hasPart": [{"@id": path} for path in paths],
        "mainEntity": {"@id": "audit.json"},
        "mentions": {"@id": "#audit"},
    }
    return {
        "@context": [CONTEXT, {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}],
        "@graph": [
            {
                "@id": NAME,
                "@type": "CreativeWork",
                "conformsTo": {"@id": PROFILE},
                "about": {"@id": "./"},
            },
            root,
            *(_file(path, entries[path]) for path in paths),
            {"@id": LICENSE, "@type": "CreativeWork", "name": "Apache License 2.0"},
            {
                "@id": _SOFTWARE,
                "@type": "SoftwareApplication",
                "name": "FL Alliance",
                "softwareVersion": code,
                "url": "https://w3id.org/ro/crate/1.1",
            }
            | {"url": "#fl-alliance"},
            {
                "@id": "#audit",
                "@type": "CreateAction",
                "name": "fl-alliance audit",
                "instrument": {"@id": _SOFTWARE},
                "object": [{"@id": path} for path in paths if path.startswith("run/")],
                "result": [{"@id": "audit.json"}, {"@id": "audit.html"}],
            },
        ],
    }


def _file(path: str, entry: Entry) -> dict[str, Any]:
    return {
        "@id": path,
        "@type": "File",
        "name": entry.name,
        "encodingFormat": entry.kind,
        "contentSize": str(len(entry.data)),
        "sha256": hashlib.sha256(entry.data).hexdigest(),
    }
