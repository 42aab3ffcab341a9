"""What a node has signed, so that it never says two things on one matter, whoever asks it to.

Two different signed statements on one matter are proof of equivocation, which costs the node its whole balance. A
coordinator that asks twice, with another model or another seed, must therefore get the same answer again or none.
"""

from flwr.app import ConfigRecord

from fl_alliance.strategies.wire import Place

MAX_SEEDS = MAX_MOTIONS = 4


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

    def admit_proof(self, place: Place, tag: str, seed: bytes) -> None:
        """Note a VRF proof about to be given, or refuse it.

        Proofs over several seeds contradict nothing, and a chain that was re-organised asks for another; but outputs
        over seeds that never come would tell a coordinator what it could wait for, so there are at most `MAX_SEEDS`.

        Raises
        ------
        AlreadySaid
            Proofs over `MAX_SEEDS` other seeds were given for this draw.
        """
        prefix = f"{_where(place)}/proof {tag}/"
        given = [name for name in self._record if name.startswith(prefix)]
        if prefix + seed.hex() not in given and len(given) >= MAX_SEEDS:
            raise AlreadySaid(f"proofs over {MAX_SEEDS} seeds were given for the draw of {tag} in round {place.round}")
        self._record[prefix + seed.hex()] = seed

    def admit_vote(self, place: Place, motion: bytes, commitment: bytes) -> None:
        """Note a commitment to a vote about to be made, or refuse it.

        Votes on several motions of a round contradict nothing, and a chain that was re-organised may lead to another
        motion; but each tells of the held-out data, so there are at most `MAX_MOTIONS`. A vote on each is kept.

        Raises
        ------
        AlreadySaid
            Another vote on this motion was promised, or votes on `MAX_MOTIONS` others of this round were.
        """
        matter = f"{_where(place)}/vote/"
        given = [name for name in self._record if name.startswith(matter)]
        if matter + motion.hex() not in given and len(given) >= MAX_MOTIONS:
            raise AlreadySaid(f"votes on {MAX_MOTIONS} motions of round {place.round} were promised")
        self.admit(place, "vote", commitment, about=motion)

    def admit(self, place: Place, kind: str, said: bytes, about: bytes = b"") -> None:
        """Note a statement about to be made, or refuse it.

        Parameters
        ----------
        kind : str
            What is said: `proposal` or `vote`.
        said : bytes
            The statement's digest.
        about : bytes
            What it is about, where several statements of this kind are no contradiction.

        Raises
        ------
        AlreadySaid
            Another statement of this kind, on this matter, was made before.
        """
        matter = f"{_where(place)}/{kind}/{about.hex()}"
        if self._record.get(matter, said) != said:
            raise AlreadySaid(f"another {kind} was signed in round {place.round} of task {place.task}")
        self._record[matter] = said


def _where(place: Place) -> str:
    return f"{place.domain.chain_id}/{place.domain.contract}/{place.task}/{place.round}"
