"""Whatever holders do, contract and rules come to the same: stages, ends of meetings, stakes and rewards."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import assembly
import pytest
from assembly import LARGE, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, Assembly
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.audit.market import FileSource, audit_market
from fl_alliance.chain.dao import Appearance, Proposal, Support
from fl_alliance.chain.deploy import DAO
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.proposals import LAPSE_S
from fl_alliance.chain.types import WEI_PER_FML

HOLDERS = (LARGE, RIVAL, SMALL, PROPOSER)
DONE: Counter[str] = Counter()
"""What came about, over all examples."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assembly, Path]]:
    path = tmp_path_factory.mktemp("decisions") / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        yield dao, path


class Holders:
    """Acts that the contract may refuse."""

    def __init__(self, dao: Assembly, data: st.DataObject) -> None:
        self.dao, self.data = dao, data

    def draw(self, *options: int) -> int:
        return self.data.draw(st.sampled_from(options))

    def try_(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except Refused:
            DONE["refused"] += 1
        else:
            DONE[what] += 1

    def wait_until(self, second: int) -> None:
        self.dao.wait(max(1, second - self.dao.rpc.second()))

    def review(self, proposals: list[Proposal]) -> None:
        """Appear at any time of the review, and move votes, which count for the meeting alone."""
        for share in (0, TERMS.review_s // 2, TERMS.review_s - 60):
            self.wait_until(proposals[0].review_ends_at - TERMS.review_s + share)
            for proposal in proposals:
                for key in HOLDERS:
                    appearance = Appearance(self.draw(0, 1, 1, 2, 3))
                    self.try_(appearance.name, lambda: self.dao.by(key).appear(proposal.number, appearance))  # noqa: B023
            key = HOLDERS[self.draw(0, 1, 2, 3)]
            to = HOLDERS[self.draw(0, 1, 2, 3)].address
            self.try_("delegated", lambda: self.dao.by(key).votes.delegate(to))  # noqa: B023
        self.try_("asked", lambda: self.dao.by(SMALL).votes.request_unlock(self.draw(1, 60_000) * WEI_PER_FML))
        self.try_("canceled", lambda: self.dao.by(RIVAL).cancel(proposals[1]))

    def meet(self, proposals: list[Proposal]) -> None:
        """Vote early, or in the last minute of whatever end the meeting has by then."""
        self.wait_until(max(proposal.review_ends_at for proposal in proposals) + 1)
        for key in self.data.draw(st.permutations(HOLDERS)):
            if self.draw(0, 0, 1):
                self.wait_until(self.dao.view.vote_ends_at(proposals[0].number) - 60)
            for proposal in proposals:
                support = Support(self.draw(0, 1, 1, 2))
                self.try_(support.name, lambda: self.dao.by(key).vote(proposal.number, support))  # noqa: B023
        self.wait_until(max(self.dao.view.vote_ends_at(proposal.number) for proposal in proposals) + 1)

    def finish(self, proposals: list[Proposal]) -> None:
        """Queue, execute and settle, now, soon or too late."""
        member = self.dao.by(STRANGER)
        steps = (member.queue, member.execute)
        for step in steps:
            self.dao.wait(self.draw(1, TERMS.delay_s, LAPSE_S + TERMS.delay_s))
            for proposal in proposals:
                self.try_(step.__name__, lambda: step(proposal))  # noqa: B023
        for proposal in proposals:
            DONE[self.dao.view.stage(proposal.number).name] += 1
            self.try_("settled", lambda: member.settle_stake(proposal.number))  # noqa: B023


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def play(dao: Assembly, path: Path, data: st.DataObject) -> None:
    mark = dao.rpc("evm_snapshot")
    try:
        holders = Holders(Assembly(dao.w3, dao.deployment), data)
        terms = dao.bound(DAO).read("reviewTerms")
        calls = [
            dao.call(DAO, "setReviewTerms", (*terms[:-1], terms[-1] + 1)),
            dao.call(DAO, "setVotingPeriod", 86_400),
        ]
        authors = zip((PROPOSER, RIVAL), calls, strict=True)
        proposals = [holders.dao.propose(call, text=f"{key.address}'s", by=key) for key, call in authors]
        holders.review(proposals)
        holders.meet(proposals)
        holders.finish(proposals)
        audited = audit_market(FileSource.open(path, executes=False))
        assert audited.books.counts.proposals == 2
        DONE["prolonged"] += sum(
            proposal.deadline > proposal.vote_ends_at
            for proposal in audited.books.dao.proposals.values()  # type: ignore[union-attr]
        )
    finally:
        dao.rpc("evm_revert", mark)


def test_whatever_holders_decide_the_rules_give_the_same(place: tuple[Assembly, Path]) -> None:
    DONE.clear()
    play(*place)
    ways = ("PRESENT", "SCAM", "FRIVOLOUS", "FOR", "AGAINST", "ABSTAIN", "queue", "execute", "settled", "prolonged")
    assert all(DONE[way] >= 2 for way in ways), DONE
    assert all(DONE[stage] for stage in ("CANCELED", "DEFEATED", "EXECUTED", "EXPIRED")), DONE
