"""Every command that a page shows is one of the command line's, with these arguments."""

import re
import shlex
import subprocess
import sys
from html import unescape
from importlib import import_module
from pathlib import Path

import fl_alliance.console
from fl_alliance.cli.main import COMMANDS

TEMPLATES = Path(fl_alliance.console.__file__).parent / "templates"
GROUPS = {"arena", "dao", "market"}


def shown() -> set[str]:
    """What templates have of commands, a number in place of each value."""
    found = set()
    for template in TEMPLATES.rglob("*.html"):
        for line in re.split(r"[\n]|{%[^%]*%}", template.read_text()):
            for command in re.findall(r"fl-alliance ((?:{{[^}]*}}|[^<{\n])+)", line):
                found.add(unescape(re.sub(r"{{[^}]*}}", "1", command)).strip())
    return found


def test_commands_that_pages_show_are_parsed_by_the_command_line() -> None:
    commands = shown()
    assert {"market withdraw", "market serve", "dao gauge --apply", "dao gauge --give 1 1"} <= commands
    for command in commands:
        name, *words = shlex.split(command)
        assert name in COMMANDS, command
        if name in GROUPS:
            group, word = name, words.pop(0)
            assert word in import_module(f"fl_alliance.cli.{group}").COMMANDS, command
            name = f"{group}.{word}"
        import_module(f"fl_alliance.cli.{name}").parser().parse_intermixed_args(words)
    assert len(commands) >= 20


def test_pages_load_no_engine_and_no_payment_package() -> None:
    heavy = ("torch", "flwr", "x402", "xllamacpp", "openai")
    code = f"import sys, fl_alliance.console.app; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
