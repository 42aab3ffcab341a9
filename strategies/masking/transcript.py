"""What a round of masks leaves behind: enough to read its sums again, and nothing that tells a single update."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fl_alliance.chain import strict_json
from fl_alliance.strategies.masking.member import Advert, Reveal


@dataclass(slots=True)
class Transcript:
    """One round, by roster index.

    Attributes
    ----------
    adverts : dict of int to Advert
        Keys that members showed.
    sealed : dict of int to dict of int to bytes
        Sender -> reader -> sealed share.
    agreements : dict of int to bytes
        Signatures on who survived, in groups that somebody is missing from.
    reveals : dict of int to Reveal
        What survivors told.
    """

    adverts: dict[int, Advert] = field(default_factory=dict)
    sealed: dict[int, dict[int, bytes]] = field(default_factory=dict)
    agreements: dict[int, bytes] = field(default_factory=dict)
    reveals: dict[int, Reveal] = field(default_factory=dict)


class TranscriptStore(Protocol):
    """Where transcripts are kept, by round."""

    def put(self, number: int, transcript: Transcript) -> None:
        """Keep a round's transcript as it stands."""

    def get(self, number: int) -> Transcript | None:
        """Return a round's transcript, None where it is not here."""


def to_json(transcript: Transcript) -> str:
    """Return a transcript as canonical JSON: bytes and shares in hex, members ascending."""
    content = {
        "adverts": _texts(transcript.adverts, lambda a: [a.key.hex(), a.commitment.hex(), a.signature.hex()]),
        "sealed": _texts(transcript.sealed, lambda shares: _texts(shares, bytes.hex)),
        "agreements": _texts(transcript.agreements, bytes.hex),
        "reveals": _texts(
            transcript.reveals,
            lambda r: [_texts(r.shares, lambda share: f"{share:064x}"), _texts(r.seeds, bytes.hex), r.signature.hex()],
        ),
    }
    return json.dumps(content, separators=(",", ":"))


def from_json(text: str) -> Transcript:
    """Return the transcript that `to_json` wrote; raises ValueError on anything else."""
    try:
        content = strict_json.parse(text)
        return Transcript(
            _members(content["adverts"], lambda a: Advert(*map(bytes.fromhex, a))),
            _members(content["sealed"], lambda shares: _members(shares, bytes.fromhex)),
            _members(content["agreements"], bytes.fromhex),
            _members(content["reveals"], _reveal),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no transcript of masks: {error!r}") from error


def _reveal(told: Any) -> Reveal:
    shares, seeds, signature = told
    return Reveal(
        _members(shares, lambda share: int(share, 16)), _members(seeds, bytes.fromhex), bytes.fromhex(signature)
    )


def _texts(told: Mapping[int, Any], form: Callable[[Any], Any]) -> dict[str, Any]:
    return {str(member): form(told[member]) for member in sorted(told)}


def _members(told: Mapping[str, Any], read: Callable[[Any], Any]) -> dict[int, Any]:
    return {int(member): read(value) for member, value in told.items()}
