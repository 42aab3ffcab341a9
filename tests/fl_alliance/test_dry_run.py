"""What a call would do is told before it is sent: taken or refused, who is paid, who could be slashed."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from fl_alliance.chain import calls
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.batches import SignedProposal
from fl_alliance.chain.errors import StepUnknown
from fl_alliance.chain.messages import Domain, Proposal
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.steps import Propose, SettleMenu, SkipRound, Step
from fl_alliance.cli.main import main

WORDS = ["workload=linear", "rule=candidates", "nodes=6", "rounds=2", "baselines=false"]
WORDS += ["alliance.proposers=3", "alliance.voters=3"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dry") / "run"
    assert main(["run", *WORDS, "--quiet", "--run-dir", str(folder)]) == 0
    return folder


def steps(run: Path) -> list[tuple[int, Step, str]]:
    """Every step of the task, with its block and contract."""
    found = []
    with ChainFile(run / "chain.db") as file:
        for block in file.blocks():
            sent = block.transaction
            if sent is not None and sent.to and block.receipt is not None and block.receipt.status == 1:
                with suppress(StepUnknown):  # a call of FML
                    found += [(block.number, step, "0x" + sent.to.hex()) for step in calls.decode(sent.data)]
    return found


def first(run: Path, kind: type[Step]) -> tuple[int, Step, str]:
    return next(one for one in steps(run) if isinstance(one[1], kind))


def ask(run: Path, step: Step, block: int, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["ledger", str(run), "--dry-run", calls.encode(step).hex(), "--block", str(block)])
    return code, capsys.readouterr().out


def test_a_settlement_is_told_line_by_line_before_it_is_sent(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block, step, _ = first(run, SettleMenu)
    code, said = ask(run, step, block - 1, capsys)
    assert code == 0
    assert "SettleMenu: the contract would take it" in said
    assert "scored the candidates" in said
    assert said.endswith("nobody would lose by it; nothing was sent\n")


def test_a_refusal_names_its_reason(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block, step, _ = first(run, SettleMenu)
    code, said = ask(run, step, block, capsys)
    assert code == 0
    assert "SettleMenu: refused: " in said


def test_a_second_proposal_is_slashable_and_says_for_how_much(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block, step, contract = first(run, Propose)
    assert isinstance(step, Propose)
    member = step.proposals[0].member
    domain = Domain(31337, _checksummed(contract))
    other = bytes(31) + b"\1"
    signature = Proposal(step.task, 1, other).sign(NodeKey.derive(1, member), domain)
    second = replace(step, proposals=(SignedProposal(member, other, signature),))
    code, said = ask(run, second, block, capsys)
    assert code == 1
    assert f"member {member}: slashable: it would show a second, different proposal of this round" in said
    assert "100.000000000 FML" in said


def _checksummed(address: str) -> str:
    from fl_alliance.chain.messages import checksummed

    return checksummed(bytes.fromhex(address.removeprefix("0x")))


def test_a_call_can_come_from_a_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "call.hex").write_text("0x" + calls.encode(SkipRound(1)).hex() + "\n")
    assert main(["ledger", str(run), "--dry-run", str(tmp_path / "call.hex")]) == 0
    assert "SkipRound: refused: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dry-run", "zz"], "needs calldata in hexadecimal"),
        (["--dry-run", "0x12345678"], "no call of the contract"),
        (["--dry-run", "0x", "--block", "9999"], "--block 9999: needs "),
        (["--block", "3"], "need --dry-run"),
    ],
)
def test_what_is_no_call_is_refused_in_one_line(
    run: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", str(run), *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
