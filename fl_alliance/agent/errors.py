"""What an agent refuses, and why; every message says what was given, what is needed, and is one line.

AgentError
├── NotUnderstood           the words lead to no tool call
│   └── Unfinished          the words ask for a tool and leave something out; the next line may say it
│       └── Offered         a word is not understood, and the rest is one request; the next line may say yes to that
├── ProposalUnreadable      what a model proposed is no tool call
├── GuardRefused            a guard said no; nothing was signed
│   ├── WordsUnclear        something in the words is not understood, or can be read in two ways
│   │   └── AmountUnclear   an amount that is a thousand to some and one to others
│   ├── NotInWords          the proposal and the words do not say the same
│   ├── NameUnknown         a name that is not in the address book
│   ├── LimitExceeded       more than a transaction or a day may spend
│   ├── WouldFail           the chain would refuse it
│   ├── NotAsAsked          what would be signed is not what was asked for
│   └── Unconfirmed         nobody said yes
├── BookRefused             an entry that the address book does not take
├── StateDamaged            a file of the agent's is not what it wrote
├── ModelUnavailable        a language model, or a marketplace's model, does not answer as it should
└── PackageMissing          a package of the extra `agent` is not installed
"""

from fl_alliance.market.errors import MarketError


class AgentError(MarketError):
    """Root of this tree."""


class NotUnderstood(AgentError):
    """The words lead to no tool call, or to more than one."""


class Unfinished(NotUnderstood):
    """Something is missing in the words; `words` is what the next line completes."""

    def __init__(self, question: str, words: str) -> None:
        super().__init__(question)
        self.words = words


class Offered(Unfinished):
    """Words of which some are not understood; `words` is the request that the others make, in words that are."""


class ProposalUnreadable(AgentError):
    """A proposal that is no tool call; its text is a stranger's and is not repeated."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"the model's proposal: {found}; needed {needed}")


class GuardRefused(AgentError):
    """A guard said no."""


class WordsUnclear(GuardRefused):
    """The words of an action have to be understood to the last one."""


class AmountUnclear(WordsUnclear):
    """An amount that people read in two ways; `text` is what is written."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class NotInWords(GuardRefused):
    """What is proposed must be in the user's own words of this turn, and all of these in what is proposed."""


class NameUnknown(GuardRefused):
    """Neither a name of the address book nor an address."""


class LimitExceeded(GuardRefused):
    """More than the account's limits let an agent spend."""


class WouldFail(GuardRefused):
    """A simulation on the chain says that it would do nothing."""


class NotAsAsked(GuardRefused):
    """The bytes that would be signed do something else than what was asked for."""


class Unconfirmed(GuardRefused):
    """What would be signed was shown, and nobody said yes."""


class BookRefused(AgentError):
    """An entry that could be taken for another one, or is none."""


class StateDamaged(AgentError):
    """A file of the agent's is not what it wrote."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(f"{path}: {found}; needed a file that this agent wrote: restore it, or move it away")


class ModelUnavailable(AgentError):
    """A model does not answer, or not in its protocol."""


class PackageMissing(AgentError):
    """The extra is not installed."""

    def __init__(self, purpose: str, package: str) -> None:
        super().__init__(f"{purpose} needs the package {package}: pip install 'fl-alliance[agent]'")
