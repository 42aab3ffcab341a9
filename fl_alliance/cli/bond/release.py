"""`fl-alliance bond release`: give a bond back when the time for challenges is over."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.bond.place import add_place, opened
from fl_alliance.cli.hospital_key import add_key, key_source


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("bond release", "Give a bond back when the time for challenges is over.", "")
    add_place(command)
    add_key(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Send the bond back to its coordinator, whoever asks for it."""
    from fl_alliance.chain.deploy import EVIDENCE
    from fl_alliance.chain.evidence import EvidenceBond
    from fl_alliance.chain.sender import Sender

    key = key_source(arguments).open()
    with opened(arguments) as place:
        evidence = EvidenceBond(Sender(place.w3, key), place.deployment.address(EVIDENCE))
        evidence.release(place.task)
        print(f"task {place.task}: the bond is back with {evidence.bond(place.task).coordinator}")
    return 0
