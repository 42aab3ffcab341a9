"""Any order of what members, sites and strangers do: contract and model do the same, and refuse the same."""

from collections import Counter
from collections.abc import Callable

from consortium import MEMBERS, NEWCOMER, OUTSIDER, RELAYER, Consortium, consortium
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.sites import NOBODY, NOTHING, SitesModel
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.vouchers import Change, Voucher

ACTORS = [*MEMBERS, NEWCOMER, OUTSIDER]
KEYS = [NOTHING, *(keccak(bytes([index])) for index in range(4))]
BUNDLES = [(keccak(b"code"), keccak(bytes([index]))) for index in range(2)]

actors, keys, bundles = st.sampled_from(ACTORS), st.sampled_from(KEYS), st.sampled_from(BUNDLES)
taken: Counter[str] = Counter()
"""How often each step succeeded and each refusal was met: an invariant that no step could break proves nothing."""


def test_the_contract_does_what_the_model_does() -> None:
    with consortium(has_points=True) as deployed:

        class Machine(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.mark = deployed.rpc("evm_snapshot")
                self.real = Consortium(deployed.w3, Sender(deployed.w3, RELAYER), deployed.deployment)
                self.model = SitesModel.of([member.address for member in MEMBERS], 3, has_points=True)

            def teardown(self) -> None:
                deployed.rpc("evm_revert", self.mark)

            def both(self, name: str, model: Callable[[], None], real: Callable[[], object]) -> None:
                expected, found = refusal(model), refusal(real)
                assert found == expected
                taken[found[0] if found else name] += 1

            @rule(actor=actors, key=keys, previous=keys, is_known=st.booleans())
            def bind(self, actor: object, key: bytes, previous: bytes, is_known: bool) -> None:
                site = actor.address  # type: ignore[attr-defined]
                previous = self.model.keys.get(site, NOTHING) if is_known else previous
                self.both(
                    "bind",
                    lambda: self.model.bind(site, key, KEYS[1], previous),
                    lambda: self.real.sites.bind(
                        key, KEYS[1], previous, self.real.pen(actor).bind(key, KEYS[1], previous)
                    ),
                )

            @rule(actor=actors, key=keys)
            def revoke(self, actor: object, key: bytes) -> None:
                site = actor.address  # type: ignore[attr-defined]
                self.both(
                    "revoke",
                    lambda: self.model.revoke(site, key),
                    lambda: self.real.sites.revoke(key, self.real.pen(actor).revoke(key)),
                )

            @rule(actor=actors, bundle=bundles, approves=st.sampled_from([True, True, False]))
            def judge_bundle(self, actor: object, bundle: tuple[bytes, bytes], approves: bool) -> None:
                site = actor.address  # type: ignore[attr-defined]
                self.both(
                    "judgeBundle",
                    lambda: self.model.judge_bundle(site, *bundle, approves),
                    lambda: self.real.approve(actor, *bundle, approves),
                )

            @rule(
                change=st.sampled_from(list(Change)),
                account=actors,
                key=keys,
                number=st.integers(0, 5),
                said=st.lists(st.tuples(st.sampled_from(ACTORS), st.booleans()), min_size=1, max_size=2),
                is_joint=st.booleans(),
            )
            def judge_change(
                self, change: Change, account: object, key: bytes, number: int, said: list[object], is_joint: bool
            ) -> None:
                about = NOBODY if change is Change.THRESHOLD else account.address  # type: ignore[attr-defined]
                is_about_key = change in (Change.REVOKE, Change.RELEASE)
                value = int.from_bytes(key, "big") if is_about_key else number if change in (2, 5) else 0
                everybody = [(actor, True) for actor in ACTORS]
                for actor, supports in everybody if is_joint else said:
                    self.both(
                        f"judgeChange {change.name}",
                        lambda who=actor, yes=supports: self.model.judge_change(who.address, change, about, value, yes),
                        lambda who=actor, yes=supports: self.real.support(who, change, about, value, yes),
                    )

            @rule(actor=actors, length=st.integers(0, 6), head=keys)
            def anchor(self, actor: object, length: int, head: bytes) -> None:
                site = actor.address  # type: ignore[attr-defined]
                self.both(
                    "anchor",
                    lambda: self.model.anchor(site, head, length),
                    lambda: self.real.sites.anchor(head, length, self.real.pen(actor).anchor(head, length)),
                )

            @rule(actor=actors, bundle=bundles)
            def forge(self, actor: object, bundle: tuple[bytes, bytes]) -> None:
                signed = self.real.pen(RELAYER).judge_bundle(*bundle)
                forged = Voucher(actor.address, signed.deadline, signed.signature)  # type: ignore[attr-defined]
                found = refusal(lambda: self.real.sites.judge_bundle(*bundle, by=forged))
                assert found is not None
                taken[found[0]] += 1

            @invariant()
            def both_know_the_same(self) -> None:
                sites, model = self.real.sites, self.model
                assert list(sites.members) == model.members
                assert (sites.threshold, sites.epoch) == (model.threshold, model.epoch)
                assert 0 < model.threshold <= len(model.slots)
                for bundle in BUNDLES:
                    assert len(sites.approvals(*bundle)) == model.approvals(*bundle)
                    assert sites.is_approved(*bundle) == model.is_approved(*bundle)
                for key in KEYS[1:]:
                    assert (sites.site_of(key) or NOBODY) == model.site_of(key)
                    assert sites.owner_of(key) == model.owners.get(key)
                for actor in ACTORS:
                    site = actor.address
                    assert sites.binding(site).key == model.keys.get(site, NOTHING)
                    assert sites.anchored(site).length == model.logs.get(site, 0)

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert min(taken[name] for name in ("bind", "judgeBundle", "anchor", "judgeChange ADMIT")) >= 5, taken
    assert sum(taken[f"judgeChange {change.name}"] > 0 for change in Change) == len(Change), taken
    assert {"VoucherInvalid", "NotInConsortium", "NothingNew", "KeyUsed", "KeyNotBound", "LogNotLonger"} <= set(taken)


def refusal(step: Callable[[], object]) -> tuple[str, list[object]] | None:
    """Take a step; return what refused it, by name and values, None where nothing did."""
    try:
        step()
    except Refused as refused:
        values = [value.lower() if isinstance(value, str) else value for value in refused.values.values()]
        return type(refused).__name__, values
    return None
