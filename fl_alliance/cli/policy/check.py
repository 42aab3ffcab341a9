"""`fl-alliance policy check`: what a policy allows, in plain words."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import CommandParser, command_parser
from fl_alliance.cli.policy.task import add_task, task_of

_EPILOG = """\
With a task it also says whether the policy lets this hospital join it. The digest of the task's settings is on its
chain: `fl-alliance join` looks there whether the policy lists it.
Exit code 1: the policy refuses the task.

examples:
  fl-alliance policy check policy.yaml
  fl-alliance policy check policy.yaml --manifest manifest.json --task 1
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("policy check", "Say in plain words what a policy allows.", _EPILOG)
    command.add_argument("file", type=Path, metavar="FILE", help="the policy")
    add_task(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Read the policy and say what it allows."""
    from fl_alliance.chain.messages import Domain
    from fl_alliance.code_digest import code_digest
    from fl_alliance.site.policy import Policy
    from fl_alliance.site.reasons import Reason
    from fl_alliance.site.rules import refusal_to_join
    from fl_alliance.site.words import told
    from fl_alliance.strategies.wire import Place

    policy, task = Policy.load(arguments.file), task_of(arguments)
    print(f"{arguments.file}: allows")
    for line in told(policy):
        print(f"  {line}")
    code = code_digest().hex()
    print(f"installed code {code}" + ("" if policy.code is None or code in policy.code else ": not listed"))
    print(f"policy sha256 {policy.digest}")
    if task is None:
        return 0
    chain, contract, number = task
    reason = refusal_to_join(policy, Place(Domain(chain, contract), number, 0), code, "")
    name = f"task {number} of {contract} on chain {chain}"
    if reason is Reason.CONFIG:
        print(f"{name}: allowed, if it pins listed settings")
        return 0
    print(f"{name}: {'allowed' if reason is None else f'refused: {reason}'}")
    return 0 if reason is None else 1
