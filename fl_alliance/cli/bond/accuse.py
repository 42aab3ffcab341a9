"""`fl-alliance bond accuse`: prove on chain what in a run's transcripts is a lie."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.bond.place import add_place, opened
from fl_alliance.cli.hospital_key import add_key, key_source
from fl_alliance.folders import FolderError


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("bond accuse", "Prove on chain what in a run's transcripts is a lie.", "")
    add_place(command)
    command.add_argument("--look", action="store_true", help="only say what could be proven")
    command.add_argument(
        "--receipts", metavar="DIR", help="receipts that the coordinator gave: taken/ in a hospital's --home"
    )
    add_key(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Look through the transcripts; send the proof of the first lie."""
    from fl_alliance.chain.deploy import EVIDENCE
    from fl_alliance.chain.evidence import EvidenceBond, posted_on_chain
    from fl_alliance.chain.ledger import Alliance
    from fl_alliance.chain.rules.evidence import reward_wei
    from fl_alliance.chain.rules.reasons import fml
    from fl_alliance.chain.types import WEI_PER_GWEI
    from fl_alliance.deployment.taken import kept
    from fl_alliance.dispute import Task, lies
    from fl_alliance.transcript.content import TranscriptDamaged
    from fl_alliance.transcript.shelf import Shelf

    key = key_source(arguments).open()
    with opened(arguments) as place:
        ledger = Alliance(place.w3, place.deployment, key)
        evidence = EvidenceBond(ledger.sender, place.deployment.address(EVIDENCE))
        bond, last = evidence.bond(place.task), ledger.rpc.number("eth_blockNumber")
        posted = posted_on_chain(ledger.rpc, evidence.address, place.task, place.deployment.block, last)
        members = [node.address for node in ledger.model(place.task).roster.nodes]
        receipts = list(kept(Path(arguments.receipts))) if arguments.receipts else []
        task, shown = Task(ledger.domain, place.task, members), Shelf(place.folder.transcripts)
        try:
            found = list(lies(task, bond, posted, shown, receipts, evidence.domain))
        except TranscriptDamaged as damage:
            raise FolderError(f"{place.folder.transcripts}/: {damage}; needed what was shown") from None
        for lie in found:
            print(lie.what)
        if not found:
            raise FolderError(f"{place.folder.root}: nothing in its transcripts can be proven a lie on chain")
        if arguments.look:
            return 0
        receipt = found[0].prove(evidence)
        reward = fml(reward_wei(bond.bond_wei) // WEI_PER_GWEI)
        print(f"proven in block {receipt.block}: {reward} FML are {ledger.sender.address}'s, the rest is burned")
    return 0
