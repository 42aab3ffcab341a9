"""The audit: from a chain file alone, verify again everything that was drawn, signed, voted, paid and taken.

Whoever wrote the file is not trusted, nor is what it calls its results. A file can be false in three ways, and each
has its own check, block by block, so that the first thing that does not hold is what is reported:

1. A stored byte is not the one that was written. Every column of a block is bound by the block's hash, every hash by
   the next block (`chain/node/chainfile.py`).
2. The file's author ran another contract, or wrote down other results than the contract gives: a false receipt under
   hashes that fit. So the contracts must have been created from our compiled code, byte for byte, and every
   transaction is executed again, the first of each kind by py-evm's own loop and not by our compiler of hot bytecode
   (all of them with `interprets`); status, events, gas and every written slot must come out the same.
3. The contract itself, or whoever feeds it, does not follow the rules. So the reference model (`chain/replay.py`,
   integers only, nothing in common with the contract) takes every step again, with every VRF proof, draw, signature,
   commitment, tally, reward, slash and payout, and must refuse what the chain refused, leave the same events and the
   same transfers, and hold the same state and the same money as the contract's views and the token say after it.

Would the model alone do? Nearly: it recomputes all that the rules decide, and stored events and the contract's views
are compared with it. But it cannot tell a transaction that failed for want of gas from one that was said to fail, nor
see what a foreign contract did, a token's approval, or a written slot that no view tells. Execution leaves nothing of
that open, so it is the default; without it (`executes=False`)
what is decisive for a task and cannot be verified is reported, not believed.

What no chain file shows is that there is no longer one: blocks cut off its end leave a chain that holds.

Then the transcripts: of each round there is one, whole, equal to what the chain was shown to say of it, and where the
coordinator has a bond it is the one that was posted (`transcripts.py`). And the run folder's own claims,
`metrics.jsonl`, `model.safetensors`, `deployment.json` and `config.yaml`, are
compared with what the chain was shown to say (`audit_folder.py`).
"""

from dataclasses import dataclass
from pathlib import Path

from fl_alliance.audit.chain import audit_chain
from fl_alliance.audit.facts import Audited, Listener
from fl_alliance.audit.folder import Agreement, check_folder
from fl_alliance.folders import FolderError
from fl_alliance.records import RunFolder


@dataclass(frozen=True, slots=True)
class Verdict:
    """An audit in which everything holds; `agreement` is None where only a chain file was given."""

    audited: Audited
    agreement: Agreement | None


def audit(
    run: Path,
    *,
    executes: bool = True,
    interprets: bool = False,
    sites: str = "",
    listener: Listener = lambda task, ended: None,
) -> Verdict:
    """Verify a run folder, or a chain file alone.

    Parameters
    ----------
    run : Path
        The folder of a run, or a chain file.
    executes : bool
        Whether to execute every transaction again.
    interprets : bool
        Whether to execute all of them by py-evm's own loop, not only the first of each kind; takes three times as long.
    sites : str
        Address of the consortium that must have approved what ran; empty: that which the folder names, if it does.
    listener : Listener
        Told of every round that was verified, when it was.

    Raises
    ------
    DoesNotHold
        The first thing that does not hold.
    FolderError
        There is no chain file.
    """
    folder = RunFolder(run)
    path = run if run.is_file() else folder.chain
    if not path.is_file():
        raise FolderError(f"{path}: no chain file; needed one written by a run on the embedded chain")
    audited = audit_chain(path, executes=executes, interprets=interprets, listener=listener)
    return Verdict(audited, None if run.is_file() else check_folder(folder, audited, sites))
