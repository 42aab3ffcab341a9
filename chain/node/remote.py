"""web3's HTTP provider, which repeats a request only where repeating is safe."""

import time
from typing import Any

import requests
from web3.providers import HTTPProvider
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST, ExceptionRetryConfiguration
from web3.types import RPCEndpoint, RPCResponse

# A transaction that did arrive answers a repeated send with an error; whoever sent it asks for its receipt
# instead. The evm_ methods move the clock, twice when repeated.
_NOT_REPEATED = {"eth_sendRawTransaction", "evm"}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0


class RemoteProvider(HTTPProvider):
    """An HTTP endpoint; reads are tried up to three times, sends once.

    Attributes
    ----------
    patience_s : float
        How long an endpoint that does not answer at all is tried again, in seconds, sends too: `Sender` knows a
        transaction that has arrived after all. Never what moves a clock.
    """

    patience_s = 0.0

    def __init__(self, url: str, request_kwargs: dict[str, Any]) -> None:
        retries = ExceptionRetryConfiguration(
            errors=(requests.ConnectionError, requests.Timeout),
            retries=3,
            method_allowlist=[name for name in REQUEST_RETRY_ALLOWLIST if name not in _NOT_REPEATED],
        )
        super().__init__(url, request_kwargs=request_kwargs, exception_retry_configuration=retries)

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Make a request, for as long as patience lasts."""
        until, pause = time.monotonic() + self.patience_s, _FIRST_PAUSE_S
        while True:
            try:
                return super().make_request(method, params)
            except (requests.ConnectionError, requests.Timeout):
                if time.monotonic() > until or method.startswith("evm_"):
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
