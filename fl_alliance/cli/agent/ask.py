"""`fl-alliance agent [WORDS]`: one request, or a chat where there are no words."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arguments import CommandParser

if TYPE_CHECKING:
    from fl_alliance.agent.agent import Agent
    from fl_alliance.agent.proposers.base import Proposer

_MORE = """
The words are a request in English, quoted or not: balance, price, send, stake, unstake, claim, delegate, undelegate,
lock and unlock votes, vote, sign in or flag, ask or rate a model, the status of a task. Anything in them that is not
understood refuses; at a terminal, what is missing is asked for. Amounts are FML: 5, 0.5, 1000, 2k, twenty-five.
"""
_EXAMPLES = """\
  fl-alliance agent "how much FML does ada have?"
  fl-alliance agent "delegate 20 FML to ada in task 3"                or in alliance:1
  fl-alliance agent 'ask model 2 "Why is the sky blue?" for at most 0.5 FML'
  fl-alliance agent "send 5 FML to ada" --yes
"""
_SETTING = re.compile(r"[a-z_]+(\.[a-z_]+)*=.*", re.DOTALL)
_HISTORY = 12
"""Turns that a language model is shown again."""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = agent_parser("ask", "Do what the words ask for.", "[WORDS] [NAME=VALUE ...] [options]", _EXAMPLES, _MORE)
    command.add_argument("words", nargs="*", metavar="WORDS", help="what to do, and settings as NAME=VALUE")
    command.add_argument("--config", metavar="FILE", help="a YAML file of settings")
    command.add_argument("--yes", action="store_true", help="sign without asking, what the guards let pass")
    command.add_argument(
        "--language",
        default="parser",
        metavar="MODEL",
        help="what proposes: parser (default), arena:TASK, adapter:FILE, or an OpenAI-compatible URL[#MODEL]",
    )
    command.add_argument(
        "--document", action="append", default=[], metavar="FILE", help="a text shown to the language model"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Answer once, or chat."""
    from fl_alliance.agent.errors import NotUnderstood
    from fl_alliance.agent.opening import open_agent, proposer_of
    from fl_alliance.cli.arena.common import WHERE
    from fl_alliance.market.config import load_settings

    settings = load_settings([w for w in arguments.words if _SETTING.fullmatch(w)], arguments.config, WHERE)
    words = " ".join(word for word in arguments.words if not _SETTING.fullmatch(word))
    documents = [Path(file).read_text(encoding="utf-8", errors="replace") for file in arguments.document]
    if not words and not sys.stdin.isatty():
        raise NotUnderstood("no words and no terminal to chat at; give the words: fl-alliance agent WORDS")
    with open_agent(settings, lambda lines: _confirmed(lines, arguments.yes)) as agent:
        proposer = proposer_of(arguments.language, agent)
        for signed in agent.diary.unfinished():
            print(f"{signed} was signed; whether it was sent is not known: look before you ask again")
        if words:
            print(_once(agent, words, proposer, documents))
        else:
            _chat(agent, proposer, documents)
    return 0


def _once(agent: "Agent", words: str, proposer: "Proposer", documents: Sequence[str]) -> str:
    """Do what the words ask for; at a terminal, what is missing in them is asked for."""
    from fl_alliance.agent.errors import Unfinished
    from fl_alliance.agent.guards.asking import continued

    while True:
        try:
            return agent.handle(words, proposer, documents)
        except Unfinished as begun:
            if not sys.stdin.isatty() or not (line := _line(f"{begun} ")):
                raise
            words = continued(begun, line, agent.book, agent.place.me)


def _chat(agent: "Agent", proposer: "Proposer", documents: Sequence[str]) -> None:
    """Take one request a line until there are no more; what was refused ends nothing, what is missing is asked for."""
    from fl_alliance.agent.errors import Unfinished
    from fl_alliance.agent.guards.asking import continued
    from fl_alliance.cli.expected import expected_errors

    print(f"you are {agent.place.me}; `help` says what to ask, an empty line or `quit` ends this")
    history: list[str] = []
    begun: Unfinished | None = None
    while (line := _line("> ")) and line.lower() not in ("quit", "exit"):
        if line.lower() == "help":
            print(_MORE.strip())
            continue
        words = continued(begun, line, agent.book, agent.place.me) if begun else line
        begun = None
        try:
            said = agent.handle(words, proposer, [*documents, *history[-_HISTORY:]])
        except Unfinished as unfinished:
            begun, said = unfinished, str(unfinished)
        except expected_errors() as refused:
            said = f"refused: {refused}"
        print(said)
        history += [f"the user said: {line}", f"it was answered: {said}"]


def _line(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        return ""


def _confirmed(lines: Sequence[str], is_said: bool) -> bool:
    """Show what would be signed; return whether somebody says yes, or said so on the command line."""
    for line in lines:
        print(f"  {line}")
    if is_said:
        return True
    if not sys.stdin.isatty():
        print("nobody is at a terminal to say yes; say so on the command line with --yes")
        return False
    return _line("sign this? [y/N] ").lower() in ("y", "yes")
