"""What a person can put right in the marketplace; messages say what was given, what is needed, and which command helps.

MarketplaceError
├── ExtraMissing            a package of the extra `market` is not installed
├── MarketplaceUnknown      the market has no marketplace
├── ListingUnknown          no model of that number, or a closed one
├── NotServed               a model that this gateway does not answer for
├── SourceUnusable          what is to be listed is no model that can be
├── PackageDamaged          the store has not what a listing names
├── InputRefused            a request that a model cannot answer
├── EngineFailed            the model did not answer
├── CredentialRefused       a session's key that is none, has run out, or is for another host
├── PaymentRefused          a payment that does not pay for the call
├── BooksBusy               another gateway of this host runs on this machine
├── SpendRefused            a call that costs more than the caller allows
├── PurseBusy               another command of this account pays for calls
└── GatewayFailed           the gateway did not answer, or not as it should
"""

from fl_alliance.market.errors import MarketError


class MarketplaceError(MarketError):
    """Root of this tree."""


class ExtraMissing(MarketplaceError):
    """An optional dependency is not installed."""

    def __init__(self, purpose: str, package: str) -> None:
        super().__init__(f"{purpose} needs {package}; needed: pip install 'fl-alliance[market]'")


class MarketplaceUnknown(MarketplaceError):
    """Nobody has put a marketplace over this market."""

    def __init__(self, arena: str) -> None:
        super().__init__(
            f"the market at {arena} has no marketplace; who deployed it puts one over it, with a DAO: "
            "`fl-alliance dao deploy`"
        )


class ListingUnknown(MarketplaceError):
    """There is no such model to call."""

    def __init__(self, model: int | str, count: int) -> None:
        there = f"models are numbered 1 to {count}" if count else "there is none yet"
        super().__init__(f"no model {model}; {there}: see `fl-alliance market models`")


class NotServed(MarketplaceError):
    """A model that a gateway does not answer for, or no longer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: is not served here; needed one of /v1/models")


class SourceUnusable(MarketplaceError):
    """What is to be listed cannot be."""


class PackageDamaged(MarketplaceError):
    """What a listing names by digest is not there, or is no model of its kind."""


class InputRefused(MarketplaceError):
    """A request that the model cannot answer."""


class EngineFailed(MarketplaceError):
    """The model did not answer; nothing is charged."""


class CredentialRefused(MarketplaceError):
    """A key that opens nothing."""


class PaymentRefused(MarketplaceError):
    """A payment that does not pay for the call."""


class BooksBusy(MarketplaceError):
    """Two gateways would sell the same voucher twice."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is in use: a gateway of this host runs already; stop it first")


class SpendRefused(MarketplaceError):
    """More than the caller allows; nothing was signed."""


class PurseBusy(MarketplaceError):
    """Two callers of one account would sign the same debt twice."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is in use: another command of this account pays for calls; end it first")


class GatewayFailed(MarketplaceError):
    """The gateway did not answer, or not as it should; status, kind and code are what it said, as OpenAI has them."""

    def __init__(self, text: str, status: int = 502, kind: str = "server_error", code: str = "GatewayFailed") -> None:
        super().__init__(text)
        self.status, self.kind, self.code = status, kind, code
