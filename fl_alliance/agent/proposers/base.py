"""What a proposer is: whatever turns words into the text of a tool call."""

from collections.abc import Sequence
from typing import Protocol


class Proposer(Protocol):
    """Proposes and decides nothing: the guards read what it returns as a stranger's text."""

    @property
    def name(self) -> str:
        """What the diary calls it."""

    def propose(self, words: str, context: Sequence[str]) -> str:
        """Return a tool call as JSON.

        Parameters
        ----------
        words : str
            What the user says now, quotations left out.
        context : sequence of str
            Earlier turns, answers and documents: whatever they say, it is not in the user's words of this turn.

        Raises
        ------
        NotUnderstood
            The words lead to no call.
        ModelUnavailable
            There is no answer.
        """
