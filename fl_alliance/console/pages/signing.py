"""What is about to be signed, on a page of its own: the server builds the calldata, the wallet alone signs."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import JSONResponse, Response

from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.reverts import explained
from fl_alliance.console.forms import form
from fl_alliance.console.intents import intent
from fl_alliance.console.rendering import Renderer
from fl_alliance.console.sources import MarketSource, Sources

_posted = form(32_768)


def pages(sources: Sources, render: Renderer) -> APIRouter:
    """Return the routes."""
    room = APIRouter()

    def market_of() -> MarketSource:
        if sources.market is None:
            raise HTTPException(404, sources.no_market)
        return sources.market

    @room.post("/sign/{name}")
    def sign(request: Request, name: str, fields: Annotated[dict[str, str], Depends(_posted)]) -> Response:
        market = market_of()
        made = intent(market.fair.live(), name, fields)
        chain_id = market.feed.deployment.chain_id
        return render(request, "sign.html", intent=made, chain_id=chain_id, name=name, fields=fields)

    @room.get("/receipts/{tx_hash}")
    def receipt(tx_hash: str) -> Response:
        """Tell what became of a transaction: `waiting`, `done`, or `refused` with the reason."""
        if not re.fullmatch("0x[0-9a-fA-F]{64}", tx_hash):
            raise HTTPException(404, "no transaction: needs 0x and 64 hex digits")
        market = market_of()
        found = market.fair.rpc("eth_getTransactionReceipt", tx_hash)
        if found is None:
            return JSONResponse({"state": "waiting"})
        block, gas = int(found["blockNumber"], 16), int(found["gasUsed"], 16)
        if found["status"] == "0x1":
            return JSONResponse({"state": "done", "block": block, "gas": gas})
        return JSONResponse({"state": "refused", "block": block, "reason": _reason(market, tx_hash, block)})

    return room


def _reason(market: MarketSource, tx_hash: str, block: int) -> str:
    """Return why a transaction failed, by making the same call once more on the block before it."""
    rpc = market.fair.rpc
    sent = rpc("eth_getTransactionByHash", tx_hash)
    call = {"from": sent["from"], "to": sent["to"], "data": sent["input"], "value": sent["value"]}
    try:
        rpc("eth_call", call, hex(block - 1))
    except RequestRefused as refusal:
        return str(explained(TransactionReverted("the call", refusal.reason, refusal.data), "the call"))
    return "it ran out of gas, or what it met has changed since"
