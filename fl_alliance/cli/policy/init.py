"""`fl-alliance policy init`: a policy file to begin with."""

import argparse
import os
from pathlib import Path

from fl_alliance.cli.arguments import CommandParser, command_parser
from fl_alliance.cli.policy.task import add_task, task_of

_EPILOG = """\
The file allows no task unless one is named, and only the code that is installed here. Every line of it is explained.

examples:
  fl-alliance policy init                              policy.yaml
  fl-alliance policy init site.yaml --manifest manifest.json --task 1
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("policy init", "Write a policy file with every line explained.", _EPILOG)
    command.add_argument("file", nargs="?", type=Path, default=Path("policy.yaml"), metavar="FILE")
    add_task(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write the file; one that is there is left alone."""
    from fl_alliance.code_digest import code_digest
    from fl_alliance.site.errors import PolicyInvalid
    from fl_alliance.site.template import template

    text = template(code_digest().hex(), task_of(arguments))
    try:
        handle = os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise PolicyInvalid(f"{arguments.file}: exists, needed a new file") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"wrote {arguments.file}; read it, then: fl-alliance policy check {arguments.file}")
    return 0
