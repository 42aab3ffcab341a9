"""What holders decided is recounted from what they had locked, and nothing else of it is believed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import assembly
import pytest
from assembly import DEPLOYER, LARGE, STRANGER, TREASURY_WEI, Assembly
from dao_play import play_dao
from dao_record import without
from forging import rewrite
from tampering import NOBODY, Altered, Recorded, with_event, with_field

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, NodeSource, audit_market
from fl_alliance.audit.market.premises import answer_of
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao_deploy import add_dao, hand_over
from fl_alliance.chain.deploy import DAO, TIMELOCK, TREASURY, Contract, Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.node.block import Block, Receipt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.proposals import MAX_TURNS_S
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.stages import Stage
from fl_alliance.cli.main import main
from fl_alliance.governance.parameters import PARAMETERS

CONTRACTS = (DAO, TIMELOCK, TREASURY)


# What holds


def test_every_stage_is_recounted_and_no_manifest_has_to_name_the_dao(recorded: Recorded) -> None:
    audited = audit_market(recorded.source)
    books, counts = audited.books, audited.books.counts
    assert books.dao is not None
    stages = [books.dao.stage(proposal, audited.second) for proposal in books.dao.proposals.values()]
    assert stages == [
        *(Stage.EXECUTED, Stage.DEFEATED, Stage.CANCELED, Stage.DEFEATED, Stage.DEFEATED, Stage.EXPIRED),
        *(Stage.EXPIRED, Stage.EXECUTED, Stage.ACTIVE, Stage.PENDING),
    ]
    assert (counts.proposals, counts.appearances, counts.votes, counts.unseen) == (10, 11, 11, 0)
    first = next(iter(books.dao.proposals.values()))
    assert first.vote_ends_at < first.quorum_until < first.turned_until <= first.vote_ends_at + MAX_TURNS_S
    assert (len(first.appearances), len(first.voters)) == (3, 5)
    assert books.money.held(books.dao.at.dao) == books.dao.held_wei + 6  # eleven were sent to it, five passed on
    silent = {"EIP712DomainChanged", "Cancelled", "RoleAdminChanged"}
    for contract in CONTRACTS:
        names = {event.name for event in interface(contract).events.values()} - silent
        assert names == {event.name for _, event in recorded.spots(contract)}


def test_a_node_tells_the_same_decisions_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        play_dao(dao)
        by_node = audit_market(NodeSource.connect(Rpc(dao.w3)), dao.deployment).books.dao
    by_file = audit_market(FileSource.open(path, executes=False)).books.dao
    assert by_node is not None
    assert by_file is not None
    assert by_node.proposals == by_file.proposals
    assert by_node.at == replace(by_file.at, answers={})


def test_a_dao_without_gauges_is_recounted(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with connected(f"file://{path}") as w3:
        sender = Sender(w3, DEPLOYER)
        market = deploy_market(sender, sender.rpc.second() + 60)
        dao = Assembly(w3, add_dao(sender, market, STRANGER.address))
        Fml(sender, dao.deployment.fml).transfer(dao.deployment.address(TREASURY), TREASURY_WEI)
        dao.by(DEPLOYER).votes.lock(10**24)
        hand_over(sender, dao.deployment)
        dao.wait(60)
        dao.propose(by=DEPLOYER)
        manifest = dao.deployment
    source = FileSource.open(path, executes=False)
    for deployment in (None, manifest):
        assert audit_market(source, deployment).books.counts.proposals == 1


def test_the_command_says_how_many_proposals_it_recounted(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with assembly.assembled(f"file://{tmp_path / 'chain.db'}") as dao:
        executed = dao.pass_()
        dao.by(STRANGER).settle_stake(executed.number)
        dao.propose(text="Another")
        dao.deployment.save(tmp_path / "market.json")
    assert main(["audit", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "2 proposals of the DAO recounted from 1 appearance and 1 vote: 1 pending, 1 executed; 10,000 FML" in said
    assert "0 gauge votes recounted" in said
    assert "every block executed again" in said


def test_the_terms_that_proposals_take_for_granted_are_all_known_to_the_books(recorded: Recorded) -> None:
    """But for the marketplace's first ones on a node, which does not show its construction."""
    books = audit_market(recorded.source).books
    assert books.dao is not None
    places = {name: at for at, name in books.dao.at.marketplace.items()}
    places |= {name: contract.address for name, contract in recorded.deployment.contracts.items()}
    asked = {(known.terms.contract, view) for known in PARAMETERS.values() if known.terms for view in known.terms.views}
    assert len(asked) == 8
    for contract, view in asked:
        function = interface(contract).functions[view]
        found = answer_of(books, places[contract], function.selector)
        assert found is not None, (contract, view)
        assert function.result(found) == recorded.source.read(contract, places[contract], view)


# All of it


def test_every_field_of_every_event_of_the_dao_is_bound(recorded: Recorded) -> None:
    """In the first and the last of each kind."""
    spots = list(recorded.spots(*CONTRACTS))
    first = {event.name: (spot, event) for spot, event in reversed(spots)}
    last = {event.name: (spot, event) for spot, event in spots}
    count = 0
    for spot, event in (*first.values(), *last.values()):
        for field in event.values:
            assert recorded.finding(with_field(spot, field)).startswith("block "), (event, field)
            count += 1
    assert count >= 140


def test_an_event_of_the_dao_that_is_left_out_or_told_twice_is_found(recorded: Recorded) -> None:
    for spot, _ in recorded.spots(*CONTRACTS):
        recorded.finding(with_event(spot, lambda _: []))
        recorded.finding(with_event(spot, lambda event: [event, event]))


def test_a_transaction_of_the_dao_that_is_left_out_is_found(recorded: Recorded) -> None:
    """But for a vote of nobody's FML, which counts for nothing."""
    empty = [spot[0] for spot, event in recorded.spots(DAO) if event.values.get("weight") == 0]
    assert len(empty) == 1
    gone = [
        taken
        for taken in recorded.told
        if taken.tx_hash not in empty and any(event.source in CONTRACTS for event in taken.events)
    ]
    assert len(gone) >= 50
    for taken in gone:
        recorded.finding(without((taken.tx_hash, 0)))


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        *((DAO, name) for name in ("state", "proposalVotes", "reviewOf", "proposalDeadline", "proposalEta")),
        *((DAO, name) for name in ("proposalSnapshot", "proposalProposer", "appearanceOf", "hasVoted", "quorum")),
        *((DAO, name) for name in ("reviewTerms", "votingDelay", "votingPeriod", "lateQuorumVoteExtension")),
        *((DAO, name) for name in ("quorumNumerator", "timelock", "treasury")),
        *((TIMELOCK, name) for name in ("getMinDelay", "getTimestamp", "hasRole")),
    ],
)
def test_a_figure_that_the_dao_keeps_otherwise_is_found(recorded: Recorded, contract: str, name: str) -> None:
    def answers(source: str, function: str, args: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        del args
        return tuple(map(_other, values)) if (source, function) == (contract, name) else values

    with pytest.raises(DoesNotHold, match="the contract says"):
        audit_market(Altered(recorded.source, answers=answers, told=recorded.told), recorded.deployment)


@pytest.mark.parametrize("executes", [True, False])
def test_a_vote_that_the_files_author_tells_otherwise_is_named(tmp_path: Path, executes: bool) -> None:
    """A copied chain file, forged with all its hashes: by execution, and by the rules alone."""
    path = tmp_path / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        dao.by(LARGE).vote(dao.meet().number, 1)  # type: ignore[arg-type]
    topic = interface(DAO).event("VoteCast").topic
    with ChainFile(path) as file:
        block = next(
            b.number for b in file.blocks() if b.receipt and any(log.topics[:1] == (topic,) for log in b.receipt.logs)
        )

    def change(block: Block) -> Block:
        assert block.receipt is not None
        logs = tuple(replace(log, data=log.data[:95] + b"\1" + log.data[96:]) for log in block.receipt.logs)
        return replace(block, receipt=Receipt.of(block.receipt.status, block.receipt.gas_used, logs))

    rewrite(path, block, change)
    with pytest.raises(DoesNotHold) as found:
        audit_market(FileSource.open(path, executes=executes))
    assert str(found.value).startswith(f"block {block}")
    assert ("the events" if executes else "Dao.VoteCast: the chain says weight") in str(found.value)


def test_a_dao_of_other_contracts_is_not_the_markets(recorded: Recorded) -> None:
    contracts = dict(recorded.deployment.contracts)
    for name, needed in (
        (DAO, "was not created over"),
        (TREASURY, "knows Treasury at"),
        (TIMELOCK, "knows Timelock at"),
    ):
        changed = contracts | {name: Contract(NOBODY, "")}
        wrong = Deployment(recorded.deployment.chain_id, recorded.deployment.block, changed)
        with pytest.raises(DoesNotHold, match=needed):
            audit_market(recorded.source, wrong)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (value[0] + 1, *value[1:])
    return NOBODY if isinstance(value, str) else value + 1
