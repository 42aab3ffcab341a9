"""What a node has signed, so that it never says two things on one matter, whoever asks it to.

Two different signed statements on one matter are proof of equivocation, which costs the node its whole balance. A
coordinator that asks twice, with another model or another seed, must therefore get the same answer again or none.
"""

from flwr.app import ConfigRecord

from fl_alliance.strategies.wire import Place


class AlreadySaid(ValueError):
    """The node has made another statement on this matter; making two would cost it its stake."""


class Journal:
    """The statements of one node, kept in its Flower state: matter -> what was said.

    Parameters
    ----------
    record : ConfigRecord
        Lives as long as the node's context; entries are 32-byte digests.
    """

    def __init__(self, record: ConfigRecord) -> None:
        self._record = record

    def admit(self, place: Place, kind: str, said: bytes, about: bytes = b"") -> None:
        """Note a statement about to be made, or refuse it.

        Parameters
        ----------
        kind : str
            What is said: `proposal`, `vote`, or the tag of a VRF proof.
        said : bytes
            The statement's digest.
        about : bytes
            What it is about, where several statements of this kind are no contradiction.

        Raises
        ------
        AlreadySaid
            Another statement of this kind, on this matter, was made before.
        """
        domain = f"{place.domain.chain_id}/{place.domain.contract}/{place.task}/{place.round}"
        matter = f"{domain}/{kind}/{about.hex()}"
        if self._record.get(matter, said) != said:
            raise AlreadySaid(f"another {kind} was signed in round {place.round} of task {place.task}")
        self._record[matter] = said
