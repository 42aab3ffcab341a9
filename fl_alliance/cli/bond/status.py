"""`fl-alliance bond status`: what a coordinator has at stake."""

import argparse
from datetime import UTC, datetime

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.bond.place import add_place, opened


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("bond status", "Show what a run's coordinator has at stake, and what it has posted.", "")
    add_place(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print the bond as it stands."""
    from fl_alliance.chain.bound import ContractReader
    from fl_alliance.chain.deploy import EVIDENCE
    from fl_alliance.chain.evidence import Status, read_bond
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.chain.rules.reasons import fml
    from fl_alliance.chain.types import WEI_PER_GWEI

    with opened(arguments) as place:
        contract = ContractReader(Rpc(place.w3), EVIDENCE, place.deployment.address(EVIDENCE))
        bond = read_bond(contract, place.task)
    print(
        f"task {place.task}: {bond.status.name.lower()}, {fml(bond.bond_wei // WEI_PER_GWEI)} FML of {bond.coordinator}"
    )
    print(
        f"contract {contract.address}; roots of rounds 1 to {bond.posted} are posted"
        if bond.posted
        else "nothing posted"
    )
    if bond.status in (Status.CLOSED, Status.RELEASED):
        until = datetime.fromtimestamp(bond.closed_at + bond.window_s, UTC)
        print(f"final model {bond.model.hex()}; can be challenged until {until:%Y-%m-%d %H:%M:%S} UTC")
    return 0
