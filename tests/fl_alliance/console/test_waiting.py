"""A page that is asked for before the market is read says so at once, asks the chain for nothing, and gives way."""

from pathlib import Path
from typing import TYPE_CHECKING

import browser
import console_stage
import pytest

from fl_alliance.chain.errors import ChainUnreachable
from fl_alliance.chain.rpc import Rpc
from fl_alliance.console.serving import served
from fl_alliance.console.sources import Sources
from fl_alliance.console.watching import follow

if TYPE_CHECKING:
    from conftest import Console

OF_A_MARKET = ("/arena", "/dao", "/dao/1", "/dao/parameters", "/dao/gauges", "/marketplace", "/marketplace/1")


def test_a_page_of_a_market_that_was_not_read_says_how_far_it_is_without_asking_the_chain(
    stage: "console_stage.Stage", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.propose()
    sources = stage.sources(tmp_path)
    market = sources.market
    assert market is not None
    tip = stage.dao.rpc.number("eth_blockNumber")
    with served(sources) as url, monkeypatch.context() as patched:
        patched.setattr(Rpc, "__call__", _unasked)
        for path in OF_A_MARKET:
            answer = console_stage.ask(f"{url.rstrip('/')}{path}")
            assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
            assert "Its chain is being opened." in answer.text
            part = console_stage.ask(f"{url.rstrip('/')}{path}", X_Part="live")
            assert part.headers["Retry-After"] == "1"
            assert "<html" not in part.text
        assert "Being read: its tasks, proposals and models appear here" in console_stage.ask(url).text
    with served(sources) as url:
        monkeypatch.setattr("fl_alliance.chain.market_events._SPAN", tip // 2)
        assert follow(market)
        read = console_stage.ask(f"{url}dao").text
        assert f"Block {market.status.at:,} of {tip:,} is read." in read
        console_stage.read_all(sources)
        for path in OF_A_MARKET:
            answer = console_stage.ask(f"{url.rstrip('/')}{path}")
            assert (answer.code, answer.headers["Retry-After"]) == (200, None)
        assert "</strong> proposal in the DAO" in console_stage.ask(url).text
    _close(sources)


def test_no_template_is_compiled_for_a_page(console: "Console", monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("a template was compiled for a page")

    monkeypatch.setattr("jinja2.Environment.compile", compiled)
    for path in ("/", *OF_A_MARKET[:1], "/ledger", "/alliance", "/receipts/none"):
        assert console.get(path).code in (200, 404)


def test_a_market_that_cannot_be_read_is_no_market_that_is_being_read(
    stage: "console_stage.Stage", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = stage.sources(tmp_path)
    assert sources.market is not None

    def silent(*_: object) -> None:
        raise ChainUnreachable("memory://", "silent")

    with served(sources) as url:
        monkeypatch.setattr(type(sources.market.fair.rpc), "__call__", silent)
        follow(sources.market)
        answer = console_stage.ask(f"{url}dao")
        assert (answer.code, answer.headers["Retry-After"]) == (503, None)
        assert "The chain does not answer" in answer.text
    _close(sources)


@pytest.mark.slow
def test_a_browser_shows_the_page_as_soon_as_it_is_there(stage: "console_stage.Stage", tmp_path: Path) -> None:
    browser.chromium()
    sources = stage.sources(tmp_path)
    with served(sources) as url, browser.browsing() as context:
        look = browser.Look(context.new_page())
        look.page.goto(f"{url}dao")
        look.page.get_by_role("heading", level=1, name="Reading the market").wait_for()
        console_stage.read_all(sources)
        look.page.get_by_role("heading", level=1, name="DAO").wait_for(timeout=10_000)
        look.page.get_by_text("No proposal yet").wait_for()
    _close(sources)


def _unasked(*_: object) -> None:
    raise AssertionError("a page that waits asked the chain")


def _close(sources: Sources) -> None:
    for source in sources.followed:
        source.feed.index.close()
