"""Putting a market on a chain from the command line, and FML where it is needed to try it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.errors import ManifestUnusable
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import MarketTerms, deploy_market
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.market.config import wei
from fl_alliance.market.errors import MarketThere, SettingRefused
from fl_alliance.market.keys import DEVELOPMENT_ACCOUNTS, development_key, find_key
from fl_alliance.market.money import require_fml, require_gas
from fl_alliance.market.place import Place, is_there
from fl_alliance.market.settings import MarketSettings

if TYPE_CHECKING:
    from web3 import Web3

_LEAST_S, _ROOM_S = 60, 20.0
"""Chain's seconds until the emission begins at least, and our seconds in which the deployment should be done."""
_MEASURED_S = 1.0
_GAS_WEI, _TRANSFER_GAS = 10 * 10**18, 100_000


def require_room(manifest: Path, rpc: Rpc, may_replace: bool) -> None:
    """Refuse to hide a market behind another; raises `MarketThere`."""
    if not manifest.exists():
        return
    try:
        is_on_chain = is_there(Deployment.load(manifest), rpc)
    except ManifestUnusable:
        is_on_chain = False
    if is_on_chain or not may_replace:
        raise MarketThere(str(manifest), is_on_chain)


def deploy(w3: "Web3", settings: MarketSettings) -> tuple[Sender, Deployment]:
    """Deploy a market as the account that settings name; return it with what sends as that account.

    Raises
    ------
    SettingRefused
        A setting of the market is out of its range.
    AccountShort, KeyMissing
        Nobody can pay for it.
    """
    rpc = Rpc(w3)
    chain_id = rpc.number("eth_chainId")
    sender = Sender(w3, find_key(settings.key, chain_id, 0))
    require_gas(rpc, sender.address, chain_id)
    market = settings.market
    terms = MarketTerms(wei(market.creator_stake, "market.creator_stake"), market.withdrawal_delay_s)
    start_at = rpc.second() + (_wait_s(rpc) if market.starts_in_s is None else market.starts_in_s)
    try:
        return sender, deploy_market(sender, start_at, wei(market.supply, "market.supply"), terms)
    except ValueError as error:
        raise SettingRefused(f"market: {error}") from None


def fund_development(sender: Sender, market: Deployment, settings: MarketSettings) -> int:
    """Give every other account of a development chain FML, as much as there is; return to how many."""
    amount_wei, token = wei(settings.market.development_fml, "market.development_fml"), Fml(sender, market.fml)
    others = [development_key(index).address for index in range(DEVELOPMENT_ACCOUNTS)]
    others = [account for account in others if account != sender.address]
    if sender.chain_id != DEVELOPMENT_CHAIN or not amount_wei or token.balance_wei() < amount_wei * len(others):
        return 0
    for account in others:
        token.transfer(account, amount_wei)
    return len(others)


def fund(place: Place, account: str, amount_wei: int) -> None:
    """Give an account FML and, on a development chain, gas; raises `AccountShort`."""
    chain_id, token = place.market.chain_id, place.arena.token
    require_gas(place.rpc, place.me, chain_id)
    require_fml(place.me, token.balance_wei(), amount_wei, "this", chain_id)
    if chain_id == DEVELOPMENT_CHAIN:
        give_gas(place.sender, account)
    token.transfer(account, amount_wei)


def give_gas(sender: Sender, account: str) -> None:
    """Give an account 10 ETH where it has less."""
    if sender.rpc.number("eth_getBalance", account, "latest") < _GAS_WEI:
        sender.send(account, b"", _TRANSFER_GAS, "transfer", _GAS_WEI)


def _wait_s(rpc: Rpc) -> int:
    """Return in how many of the chain's seconds the emission begins: a chain's clock may run faster than ours."""
    began, at = rpc.second(), time.monotonic()
    time.sleep(_MEASURED_S)
    speed = (rpc.second() - began) / (time.monotonic() - at)
    return max(_LEAST_S, round(_ROOM_S * speed))
