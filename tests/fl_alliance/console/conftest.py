"""A console over an embedded chain, served over loopback, and the browser that looks at it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bazaar
import console_stage
import pytest

pytest.importorskip("fastapi", reason="needs the extra: pip install 'fl-alliance[console]'")


@pytest.fixture(scope="session")
def deployed_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator["console_stage.Stage"]:
    with console_stage.staged(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
def stage(deployed_stage: "console_stage.Stage") -> Iterator["console_stage.Stage"]:
    """Market, DAO, marketplace and Alliance, put back afterwards."""
    mark = deployed_stage.dao.rpc("evm_snapshot")
    # Senders count their transactions: those of another test are of a chain that was put back.
    yield replace(deployed_stage, bazaar=bazaar.Bazaar(deployed_stage.w3, deployed_stage.deployment))
    deployed_stage.dao.rpc("evm_revert", mark)


@pytest.fixture
def console(stage: "console_stage.Stage", tmp_path: Path) -> Iterator["Console"]:
    """The stage's pages, over HTTP; what happens on the chain shows after `read`."""
    from fl_alliance.console.serving import served

    sources = stage.sources(tmp_path)
    console_stage.read_all(sources)
    with served(sources) as url:
        yield Console(url.rstrip("/"), stage, sources)
    for source in sources.followed:
        source.feed.index.close()


class Console:
    """A served console, and the stage behind it."""

    def __init__(self, url: str, stage: "console_stage.Stage", sources: "console_stage.Sources") -> None:
        self.url, self.stage, self.sources = url, stage, sources

    def read(self) -> None:
        console_stage.read_all(self.sources)

    def get(self, path: str, **headers: str) -> "console_stage.Answer":
        return console_stage.ask(f"{self.url}{path}", **headers)

    def post(self, path: str, **fields: str) -> "console_stage.Answer":
        return console_stage.ask(f"{self.url}{path}", fields)
