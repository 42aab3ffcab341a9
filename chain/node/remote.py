"""web3's HTTP provider, which repeats a request only where repeating is safe."""

from typing import Any

import requests
from web3.providers import HTTPProvider
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST, ExceptionRetryConfiguration

# A transaction that did arrive answers a repeated send with an error; whoever sent it asks for its receipt
# instead. The evm_ methods move the clock, twice when repeated.
_NOT_REPEATED = {"eth_sendRawTransaction", "evm"}


class RemoteProvider(HTTPProvider):
    """An HTTP endpoint; reads are tried up to three times, sends once."""

    def __init__(self, url: str, request_kwargs: dict[str, Any]) -> None:
        retries = ExceptionRetryConfiguration(
            errors=(requests.ConnectionError, requests.Timeout),
            retries=3,
            method_allowlist=[name for name in REQUEST_RETRY_ALLOWLIST if name not in _NOT_REPEATED],
        )
        super().__init__(url, request_kwargs=request_kwargs, exception_retry_configuration=retries)
