"""The agent's tools for an MCP client, over standard input and output.

Tools that read answer at once. Those that sign prepare their transactions, show what the bytes do, and have the client
ask its user to say the same in own words (elicitation); grounding, limits and simulation are the chat's. A client that
cannot ask its user gets the prepared transactions, unsigned.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import Parameter, Signature
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from fl_alliance.agent.agent import Agent
from fl_alliance.agent.answers import answer
from fl_alliance.agent.calling import lines_of
from fl_alliance.agent.guards.schema import read_call
from fl_alliance.agent.tools import TOOLS, Action, Call, CallModel
from fl_alliance.chain.errors import ChainError
from fl_alliance.market.errors import MarketError

_INSTRUCTIONS = """\
Token actions of one FML account, one at a time. Amounts are FML in plain digits. What signs asks the user, through the
client, to say in own words what is to be done: that answer is the user's to give.
"""
_QUESTION = "what to ask the model"
_UNASKED = "this client cannot ask its user (no elicitation), so nothing was signed; the user can sign these elsewhere"


class OwnWords(BaseModel):
    """What a user types to have something signed."""

    words: str = Field(description="Say it in your own words to sign it, such as: send 5 FML to ada")


def server_of(agent: Agent) -> MCPServer:
    """Return the server; its agent's `confirm` says yes, since a user's own words came before."""
    server = MCPServer("fl-alliance", instructions=_INSTRUCTIONS, log_level="WARNING")
    for name, tool in TOOLS.items():
        made = _signing(agent, name, tool) if issubclass(tool, Action) else _reading(agent, name, tool)
        server.add_tool(made, name=name, description=tool.__doc__)
    return server


def _reading(agent: Agent, name: str, tool: type[Call]) -> Callable[..., Any]:
    async def run(**given: Any) -> str:
        with _told(agent):
            return answer(read_call(name, given, agent.book, agent.place.me), agent.place, agent.book)

    return _typed(run, _parameters(tool), str)


def _signing(agent: Agent, name: str, tool: type[Call]) -> Callable[..., Any]:
    def call_of(given: dict[str, Any]) -> Action:
        question = given.pop("question", "")
        found = read_call(name, given, agent.book, agent.place.me)
        assert isinstance(found, Action)  # noqa: S101  only those are made here
        return CallModel(found.model, found.budget_wei, question) if isinstance(found, CallModel) else found

    async def ask(**given: Any) -> Any:
        context: Context[Any, Any] = given.pop("context")
        with _told(agent):
            lines = _lines(agent, call_of(given))
        if not _can_ask(context):
            return None
        return Elicit(f"To be signed by {agent.place.me}:\n" + "\n".join(lines), OwnWords)

    async def run(**given: Any) -> dict[str, Any]:
        outcome = given.pop("own_words")
        with _told(agent):
            call = call_of(given)
            if not isinstance(outcome, AcceptedElicitation):
                agent.diary.note("refused", why=f"the user said {outcome.action} to {name}")
                return {"signed": False, "why": f"the user said {outcome.action}"}
            if outcome.data is None:
                agent.diary.note("refused", why=f"{name}: {_UNASKED}")
                return {"signed": False, "why": _UNASKED, "prepared": _prepared(agent, call)}
            return {"signed": True, "said": agent.carry_out(call, outcome.data.words)}

    parameters = _parameters(tool)
    context = Parameter("context", Parameter.KEYWORD_ONLY, annotation=Context)
    asked = _typed(ask, [*parameters, context], Elicit[OwnWords] | None)
    words = Annotated[ElicitationResult[OwnWords], Resolve(asked)]
    return _typed(run, [*parameters, Parameter("own_words", Parameter.KEYWORD_ONLY, annotation=words)], dict[str, Any])


def _parameters(tool: type[Call]) -> list[Parameter]:
    """Return a tool's arguments as MCP describes them: texts, each with what it takes."""
    told = {part.metadata["name"]: part.metadata["about"] for part in tool.parts()}
    if tool is CallModel:
        told["question"] = _QUESTION
    annotated = {name: Annotated[str, Field(description=about)] for name, about in told.items()}
    return [Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in annotated.items()]


def _typed(function: Callable[..., Any], parameters: Sequence[Parameter], returns: Any) -> Callable[..., Any]:
    """Return a function that takes any keywords with a signature by which the server reads what it takes."""
    function.__signature__ = Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined]
    function.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": returns}
    return function


def _lines(agent: Agent, call: Action) -> Sequence[str]:
    """Return what would be signed: read from the transactions, or of a model's payment, which its host names later."""
    if not isinstance(call, CallModel):
        return agent.prepare(call).reading.lines
    return lines_of(call, agent.place, agent.book)


def _prepared(agent: Agent, call: Action) -> dict[str, Any]:
    """Return what a client could have signed elsewhere: transactions, and what they do."""
    if isinstance(call, CallModel):
        return {"does": _lines(agent, call), "transactions": []}
    prepared = agent.prepare(call)
    sent = [{"to": one.to, "data": "0x" + one.data.hex(), "value": "0x0"} for one in prepared.transactions]
    return {"does": list(prepared.reading.lines), "chain_id": agent.place.market.chain_id, "transactions": sent}


def _can_ask(context: "Context[Any, Any]") -> bool:
    """Return whether a client shows its user forms; before there were two modes it named none."""
    known = context.client_capabilities
    asks = known.elicitation if known is not None else None
    return asks is not None and (asks.form is not None or asks.url is None)


@contextmanager
def _told(agent: Agent) -> Iterator[None]:
    """Turn what is refused into what an MCP client is told, and note it."""
    try:
        yield
    except (MarketError, ChainError) as refused:
        agent.diary.note("refused", why=str(refused))
        raise ToolError(f"refused: {refused}") from None
