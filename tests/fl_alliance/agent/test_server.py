"""The MCP server as a process of its own, used by the mcp package's client over standard input and output."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")  # the extra `agent`
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, TextContent

from fl_alliance.agent.tools import TOOLS
from fl_alliance.cli.main import main
from fl_alliance.market.keys import development_key

pytestmark = pytest.mark.slow  # each test starts the server anew
ADA, EVE, ME = (development_key(index).address for index in (1, 2, 6))
Says = Callable[[str], ElicitResult]


def in_words(words: str) -> Says:
    return lambda _: ElicitResult(action="accept", content={"words": words})


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    """The protocol with questions inside results, and the one before it."""
    return str(request.param)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a market in a chain file, ada in the address book, and limits of 20 FML."""
    folder = tmp_path_factory.mktemp("mcp")
    where = [f"folder={folder}", f"chain.url=file://{folder / 'chain.db'}"]
    assert main(["arena", "deploy", "market.starts_in_s=60", *where]) == 0
    assert main(["agent", "book", "add", "ada", ADA, *where]) == 0
    assert main(["agent", "limits", "--transaction", "20", *where]) == 0
    return folder


def ask(
    market: Path, mode: str, calls: list[tuple[str, dict[str, str]]], says: Says | None
) -> tuple[list[CallToolResult], list[str], list[Any]]:
    """Call tools, and return the results, what the user was shown, and the tools there are."""
    shown: list[str] = []

    async def elicited(_context: object, params: object) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        assert says is not None
        shown.append(params.message)
        return says(params.message)

    async def talk() -> tuple[list[CallToolResult], list[Any]]:
        words = ["-m", "fl_alliance.cli.main", "agent", "mcp", f"folder={market}"]
        environment = {name: os.environ[name] for name in ("PYTHONPATH", "PATH", "HOME") if name in os.environ}
        server = StdioServerParameters(
            command=sys.executable, args=[*words, f"chain.url=file://{market / 'chain.db'}"], env=environment
        )
        callback = None if says is None else elicited
        async with Client(stdio_client(server), mode=mode, elicitation_callback=callback) as client:
            tools = (await client.list_tools()).tools
            return [await client.call_tool(name, given) for name, given in calls], tools

    results, tools = asyncio.run(talk())
    return results, shown, tools


def text(result: CallToolResult) -> str:
    return " ".join(part.text for part in result.content if isinstance(part, TextContent))


FIVE = ("transfer", {"to": "ada", "amount": "5"})
BALANCE = ("balance", {"account": "ada"})


def test_all_tools_are_there_and_say_what_they_take(market: Path, mode: str) -> None:
    [found], _, tools = ask(market, mode, [("balance", {"account": "me"})], None)
    assert {tool.name for tool in tools} == set(TOOLS)
    transfer = next(tool for tool in tools if tool.name == "transfer")
    assert set(transfer.input_schema["properties"]) == {"to", "amount"}
    assert "plain digits" in transfer.input_schema["properties"]["amount"]["description"]
    assert "FML" in text(found)
    assert ME in text(found)


def test_a_transfer_is_signed_when_the_user_says_it_in_own_words(market: Path, mode: str) -> None:
    (before, done, after), shown, _ = ask(market, mode, [BALANCE, FIVE, BALANCE], in_words("send 5 FML to ada"))
    assert not done.is_error, text(done)
    assert '"signed": true' in text(done)
    had, has = (int(text(found).split()[2]) for found in (before, after))
    assert has == had + 5
    assert shown == [f"To be signed by {ME}:\nsends 5 FML to {ADA} (ada in your address book), for good"]


@pytest.mark.parametrize(
    ("call", "words", "why"),
    [
        (
            ("transfer", {"to": "ada", "amount": "15"}),
            "send 5 FML to ada",
            "proposed is 15 FML, your words say account ada and 5 FML",
        ),
        (("transfer", {"to": EVE, "amount": "5"}), "send 5 FML to ada", "proposed is account 0x"),
        (FIVE, "yes", "'yes' is neither a word"),
        (FIVE, "don't send 5 FML to ada", '"don\'t" is neither a word'),
        (FIVE, "", "nothing in the words asks to transfer"),
    ],
)
def test_words_that_say_something_else_sign_nothing(
    call: tuple[str, dict[str, str]], words: str, why: str, market: Path
) -> None:
    (before, refused, after), _, _ = ask(market, "auto", [BALANCE, call, BALANCE], in_words(words))
    assert refused.is_error
    assert why in text(refused)
    assert text(before) == text(after)


def test_what_guards_refuse_is_not_even_asked(market: Path, mode: str) -> None:
    calls = [
        ("transfer", {"to": "ada", "amount": "21"}),
        ("transfer", {"to": "mallory", "amount": "5"}),
        ("transfer", {"to": "ada", "amount": "5e3"}),
        ("vote", {"proposal": "1", "choice": "yes"}),
        ("call_model", {"model": "1", "budget": "1", "question": "why?"}),
    ]
    results, shown, _ = ask(market, mode, calls, in_words("send 21 FML to ada"))
    assert all(result.is_error for result in results)
    reasons = ("the limit is 20 FML", "address book", "no plain amount", "has no DAO", "no marketplace")
    for result, why in zip(results, reasons, strict=True):
        assert why in text(result)
    assert shown == []


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_user_who_does_not_say_so_signs_nothing(action: Any, market: Path) -> None:
    says: Says = lambda _: ElicitResult(action=action)  # noqa: E731
    (before, refused, after), _, _ = ask(market, "auto", [BALANCE, FIVE, BALANCE], says)
    assert f"the user said {action}" in text(refused)
    assert '"signed": false' in text(refused)
    assert text(before) == text(after)


def test_a_client_that_cannot_ask_gets_the_transaction_unsigned(market: Path, mode: str) -> None:
    (before, refused, after), _, _ = ask(market, mode, [BALANCE, FIVE, BALANCE], None)
    assert text(before) == text(after)
    found = refused.structured_content
    assert found is not None
    assert found["signed"] is False
    assert "cannot ask its user" in found["why"]
    assert found["prepared"]["chain_id"] == 31337
    [prepared] = found["prepared"]["transactions"]
    assert prepared["data"].startswith("0xa9059cbb")
    assert found["prepared"]["does"] == [f"sends 5 FML to {ADA} (ada in your address book), for good"]
