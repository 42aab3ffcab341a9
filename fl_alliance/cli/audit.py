"""`fl-alliance audit`: verify a run or a market from its chain, trusting nobody."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import FolderError, open_folder

if TYPE_CHECKING:
    from fl_alliance.audit import Verdict
    from fl_alliance.audit.everything import Everything
    from fl_alliance.audit.facts import EndedRound

_EPILOG = """\
Verified from the chain file alone: every hash and signature, that the contracts are the compiled ones byte for byte,
every VRF proof, draw, signed message, commitment, vote, reward, slash and payout by the rules in integers, every
transaction by executing it again, and that no FML appears or disappears. Then that metrics.jsonl, the model, the
configuration, the deployment and every transcript in the run folder say what the chain says, that transcripts are those
whose roots were posted, that updates came with good receipts where privacy is promised, and that the consortium, where
there is one, had approved code and settings. With rule=candidates every menu is formed
again from the kept proposals, with the strategy's aggregate in it, and must be the one that was voted on.
A folder with a market's market.json, or a chain with an Arena, has its market verified: every day of the emission,
stakes, assignments, consensus, fees, slashes, ranks, shares, rewards A and B, claims and delegation pools are
recomputed by the rules to the wei, and all FML must be there. Where a DAO owns it, every proposal is counted again
from what was locked to vote: review, flags, votes, quorum, time lock, calls, stake and reward; and gauge votes with
what they move. A folder can hold a run and a market on one chain.
Prints the first thing that does not hold, with its block and step, and ends with exit code 1; else a summary.

examples:
  fl-alliance audit                                    the newest run under runs/
  fl-alliance audit runs/20260102-030405-glucose --verbose       and why each node was paid or slashed
  fl-alliance audit somebodys/chain.db                 a chain file alone
  fl-alliance audit market --verbose                   a market's folder, and every day's ranks and shares
  fl-alliance audit market --chain http://127.0.0.1:8545       its chain as a node tells it, which is not executed
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("audit", "Verify a run or a market from its chain, trusting nobody.", _EPILOG)
    command.add_argument(
        "run", nargs="?", metavar="FOLDER", help="a run's or market's folder, or a chain file (default: the newest run)"
    )
    command.add_argument("-v", "--verbose", action="store_true", help="say why each account was paid or slashed")
    command.add_argument(
        "--manifest", metavar="FILE", help="the market's manifest (default: market.json in the folder)"
    )
    command.add_argument("--chain", metavar="URL", help="a market's chain, where it is not a file in the folder")
    command.add_argument(
        "--no-execute",
        action="store_true",
        help="verify by the rules only: quicker, and what only execution can tell is not believed",
    )
    command.add_argument(
        "--interpret",
        action="store_true",
        help="execute all by py-evm's own loop and nothing by our compiler of hot bytecode: three times as long",
    )
    command.add_argument(
        "--sites",
        metavar="ADDRESS",
        default="",
        help="the consortium that must have approved code and settings (default: that which the folder names)",
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Verify what is there; print the first thing that does not hold, or a summary."""
    from fl_alliance.audit.finding import DoesNotHold

    try:
        found = _on_node(arguments) if arguments.chain else _in_folder(arguments)
    except DoesNotHold as finding:
        print(f"fl-alliance audit: {arguments.run or arguments.chain}: does not hold: {finding}", file=sys.stderr)
        return 1
    for line in _lines(found, arguments.verbose):
        print(line)
    return 0


def _in_folder(arguments: argparse.Namespace) -> "Everything":
    from fl_alliance.audit.everything import audit_everything

    run = arguments.run = Path(arguments.run) if arguments.run is not None else open_folder(None).root
    listener = _print_round if arguments.verbose else lambda task, ended: None
    manifest = Path(arguments.manifest) if arguments.manifest else None
    return audit_everything(
        run,
        executes=not arguments.no_execute,
        interprets=arguments.interpret,
        sites=_address(arguments.sites),
        manifest=manifest,
        listener=listener,
    )


def _address(text: str) -> str:
    from fl_alliance.chain.messages import checksum

    try:
        return checksum(text) if text else ""
    except ValueError as error:
        raise FolderError(f"--sites {text}: {error}; needed the address of a consortium's contract") from None


def _on_node(arguments: argparse.Namespace) -> "Everything":
    from fl_alliance.audit.everything import audit_node
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.market.settings import MANIFEST

    if not (arguments.manifest or arguments.run):
        raise FolderError("--chain: which market on it is meant, its folder or --manifest FILE must say")
    manifest = Path(arguments.manifest) if arguments.manifest else Path(arguments.run) / MANIFEST
    with connected(arguments.chain) as w3:
        return audit_node(Rpc(w3), manifest)


def _lines(found: "Everything", verbose: bool) -> list[str]:
    from fl_alliance.cli.audited_market import market_summary

    run = _summary(found.run) if found.run is not None else []
    return run + (list(market_summary(found.market, verbose)) if found.market is not None else [])


def _print_round(task: int, ended: "EndedRound") -> None:
    from fl_alliance.chain.rules.reasons import explain, fml

    votes = f"{ended.yes} yes, {ended.no} no, " if ended.committee.voters else ""
    print(f"task {task}, round {ended.number}, {ended.outcome.name.lower()}: {votes}block {ended.block}")
    for line in ended.lines:
        print(
            f"  member {line.member}: {'+' if line.delta_gwei > 0 else ''}{fml(line.delta_gwei)} FML: {explain(line)}"
        )


def _summary(verdict: "Verdict") -> list[str]:
    from fl_alliance.chain.calls import MAJORITY

    audited, agreement = verdict.audited, verdict.agreement
    counts = audited.counts
    how = "executed again and recomputed by the rules" if audited.executed else "recomputed by the rules, not executed"
    lines = [
        f"everything holds: {counts.blocks} blocks, {counts.transactions} transactions, {counts.steps} steps {how}",
        f"{sum(map(len, audited.rounds.values()))} rounds, {counts.proofs} proofs, {counts.signatures} signatures, "
        f"{counts.payouts} payouts and {counts.slashes} slashes verified",
        f"chain {audited.chain_id}, head 0x{audited.head.hex()}",
    ]
    lines += [f"task {number}: model {task.model.hex()}" for number, task in audited.models.tasks.items()]
    if agreement is not None:
        lines.append(f"agree with the chain: {', '.join(agreement.files)}")
        if agreement.menus is not None:
            what = "menus" if audited.models.contract != MAJORITY else "candidates"
            lines.append(f"{agreement.menus} {what} formed again from the proposals, aggregate included, to the bit")
        if agreement.transcripts:
            lines.append(f"{agreement.transcripts} transcripts say what the chain says")
        if agreement.posted:
            lines.append(f"{agreement.posted} roots of transcripts, posted on chain with a bond, are theirs")
        if agreement.receipts:
            lines.append(f"{agreement.receipts} receipts of spent privacy budget are signed and within the promise")
        if agreement.approval:
            yes = agreement.approval
            lines.append(f"{yes.count} of {yes.members} members of the consortium had approved code and settings")
        lines += [f"note: {note}" for note in agreement.notes]
        lines.append("on no chain, so not verified: test metrics, times and what they are compared with")
    return lines
