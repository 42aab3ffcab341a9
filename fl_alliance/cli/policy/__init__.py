"""`fl-alliance policy`: what this site lets its node do, and what it did; one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "init": "write a policy file with every line explained",
    "check": "say in plain words what a policy allows",
    "log": "show and verify what was decided under a policy",
}

_EPILOG = """\
A policy is a YAML file at the hospital. `fl-alliance join --policy FILE` puts it around every message to the node. The
coordinator cannot change it, and sees of a refusal one fixed error without a reason. What was decided, and the sha256
of what left, is in a log in which every line holds the digest of the one before.

examples:
  fl-alliance policy init policy.yaml --manifest manifest.json --task 1
  fl-alliance policy check policy.yaml --manifest manifest.json --task 1
  fl-alliance policy log policy.yaml
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("policy", "What this site lets its node do, and what it did.", COMMANDS, _EPILOG)
