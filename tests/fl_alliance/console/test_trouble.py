"""What a stranger or a broken chain does to the console: a page says so, the others stay."""

from pathlib import Path
from typing import TYPE_CHECKING

import assembly
import console_stage
from eth_abi.abi import encode

from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import DAO, EMISSION, TOKEN
from fl_alliance.console.serving import served
from fl_alliance.console.watching import follow

if TYPE_CHECKING:
    from conftest import Console


def test_a_proposal_whose_text_is_no_text_hides_no_other(console: "Console") -> None:
    stage = console.stage
    console.stage.propose()
    sender, dao = stage.bazaar.sender(assembly.RIVAL), stage.deployment.address(DAO)
    stake_wei = stage.dao.view.terms().stake_wei
    approve = interface(TOKEN).functions["approve"].encode((dao, stake_wei))
    sender.send(stage.deployment.fml, approve, 100_000, "approve")
    call = stage.dao.call(EMISSION, "lower", 4_000)
    types = ("address[]", "uint256[]", "bytes[]", "bytes")  # a string's bytes are not looked at by any contract
    data = interface(DAO).functions["propose"].selector + encode(types, ([call.target], [0], [call.data], b"\xff\xfe"))
    sender.send(dao, data, 2_000_000, "propose")
    console.read()
    page = console.get("/dao")
    assert page.code == 200
    assert "Proposal 1" in page.text
    assert "Proposal 2" in page.text
    assert "sets emission.schedule_bps to 40 %" in console.get("/dao/2").text


def test_a_chain_that_falls_silent_is_told_and_histories_stay(stage: "console_stage.Stage", tmp_path: Path) -> None:
    sources = stage.sources(tmp_path)
    console_stage.read_all(sources)
    node = stage.w3.provider.make_request
    with served(sources) as url:
        stage.w3.provider.make_request = silent  # type: ignore[method-assign,assignment]
        try:
            for source in sources.followed:
                follow(source)
            history = console_stage.ask(f"{url}alliance/run/1/rounds/1")
            views = console_stage.ask(f"{url}dao")
        finally:
            stage.w3.provider.make_request = node  # type: ignore[method-assign]
        assert history.code == 200
        assert "Who did what" in history.text
        assert "Figures are as of block" in history.text
        assert views.code == 503
        assert "The chain does not answer" in views.text
        console_stage.read_all(sources)
        assert console_stage.ask(f"{url}dao").code == 200
    for source in sources.followed:
        source.feed.index.close()


def silent(*_: object) -> None:
    raise ConnectionRefusedError("connection refused")
