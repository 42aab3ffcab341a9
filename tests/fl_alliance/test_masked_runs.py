"""A whole run with hidden updates: resumed, audited, and what the audit says of who read other sums."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fl_alliance import job
from fl_alliance.audit import audit
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.config import ConfigError, load_config
from fl_alliance.federation import terms_of
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, ProposalsLocked, VotersDrawn
from fl_alliance.strategies.masking import rounds
from fl_alliance.strategies.masking.transcript import from_json, to_json
from fl_alliance.strategies.rules.candidates import CandidateMotion

WORDS = ["workload=linear", "privacy.masks=true", "nodes=12", "rounds=2", "baselines=false", "strategy=fedadam"]
WORDS += ["alliance.proposers=9", "alliance.voters=3"]


def ran(root: Path, listener: Callable[[Event], None] = lambda event: None, *, resume: bool = False) -> RunFolder:
    folder = RunFolder(root)
    job.run(load_config(WORDS), folder, listener=listener, overrides=WORDS, resume=resume)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return ran(tmp_path_factory.mktemp("masked") / "run")


@pytest.fixture
def copied(whole: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(whole.root, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def last_round(folder: RunFolder) -> Any:
    return list(folder.rounds())[-1]


def test_the_audit_reads_every_sum_again_and_forms_every_menu_of_them(whole: RunFolder) -> None:
    verdict = audit(whole.root)
    assert verdict.agreement is not None
    assert verdict.agreement.menus == 2
    assert len(list(whole.masks.glob("*.json"))) == 2
    assert len(list(whole.proposals.glob("*.safetensors"))) == 18


def test_without_the_transcripts_the_audit_says_what_it_could_not_verify(copied: RunFolder) -> None:
    shutil.rmtree(copied.masks)
    agreement = audit(copied.root).agreement
    assert agreement is not None
    assert agreement.menus == 0
    assert any("no transcript of its masks" in note for note in agreement.notes)


@pytest.mark.parametrize("part", ["adverts", "reveals"])
def test_a_transcript_of_which_something_was_changed_does_not_give_the_menu_that_was_voted_on(
    copied: RunFolder, part: str
) -> None:
    path = copied.masks / "00001.json"
    transcript = from_json(path.read_text())
    if part == "adverts":
        member, advert = next(iter(transcript.adverts.items()))
        transcript.adverts[member] = replace(advert, commitment=bytes(32))
    else:
        transcript.reveals = {m: replace(r, shares=dict.fromkeys(r.shares, 7)) for m, r in transcript.reveals.items()}
    path.write_text(to_json(transcript))
    with pytest.raises(DoesNotHold, match="does not follow from the proposals"):
        audit(copied.root)


def test_a_transcript_that_cannot_be_read_is_named(copied: RunFolder) -> None:
    (copied.masks / "00002.json").write_text(json.dumps({"adverts": 3}))
    with pytest.raises(DoesNotHold, match="round 2, its masks"):
        audit(copied.root)


def test_a_coordinator_that_groups_other_members_than_the_chains_seed_does_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rounds.SecureAggregation, "begin", with_seed(bytes(32)))
        folder = ran(tmp_path / "run")
    assert last_round(folder).outcome in ("accepted", "rejected")  # the nodes could not know
    with pytest.raises(DoesNotHold, match="does not follow from the proposals"):
        audit(folder.root)


def test_a_coordinator_that_sends_voters_other_averages_than_the_chains_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballot, lies = CandidateMotion.ballot, []

    def lying(self: CandidateMotion) -> Mapping[str, Any]:
        """Send two averages of one group in each other's place: that changes no menu."""
        sent = dict(ballot(self))
        for group in (self.groups or {}).values():
            known = sorted({self.averages.get(member, 0): member for member in group}.items())
            if len(known) > 1 and known[-2][0] >= 0:  # below that it would be a mark in the menu
                one, other = (self.members.index(member) for _, member in known[-2:])
                told = list(sent["menu"]["averages"])
                told[one], told[other] = told[other], told[one]
                sent["menu"]["averages"] = told
                lies.append(self.digest)
        return sent

    with monkeypatch.context() as patch:
        patch.setattr(CandidateMotion, "ballot", lying)
        patch.setattr(CandidateMotion, "is_even", lambda *_: True)
        folder = ran(tmp_path / "run")
    assert lies
    with pytest.raises(DoesNotHold, match="not as the chain knew them: the relayer"):
        audit(folder.root)


def with_seed(seed: bytes) -> Callable[..., rounds.MaskedRound]:
    begin = rounds.SecureAggregation.begin

    def changed(
        self: rounds.SecureAggregation, nodes: Any, place: Any, _: bytes, members: dict[int, str]
    ) -> rounds.MaskedRound:
        return begin(self, nodes, place, seed, members)

    return changed


@pytest.mark.parametrize("event", [ProposalsLocked, VotersDrawn])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(whole: RunFolder, tmp_path: Path, event: type) -> None:
    class Stopped(Exception):
        pass

    def stop(told: Event) -> None:
        if isinstance(told, event) and told.round == 2:
            raise Stopped

    with pytest.raises(Stopped):
        ran(tmp_path / "run", stop)
    folder = ran(tmp_path / "run", resume=True)
    assert last_round(folder).model == last_round(whole).model
    assert last_round(folder).balances == last_round(whole).balances
    agreement = audit(folder.root).agreement
    assert agreement is not None
    assert agreement.menus == 2


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["privacy.mask_group=2"], "privacy.mask_group=2: needs 3 to 64"),
        (["privacy.mask_absent=3"], "privacy.mask_absent=3: needs 0 to privacy.mask_group - 2 = 2"),
        (["privacy.mask_range=0"], "privacy.mask_range=0.0: needs more than 0"),
        (["privacy.mask_range=inf"], "privacy.mask_range=inf: needs more than 0, and finite"),
        (["alliance.proposers=2"], "alliance.proposers=2: needs 3 to 64 with privacy.masks=true"),
        ([], "alliance.proposers=5: makes one group of privacy.mask_group=4"),
        (["nodes=12", "alliance.proposers=7"], "needs 8 for rule.reward=contribution"),
    ],
)
def test_settings_that_hide_nothing_or_tell_nobody_apart_are_refused(words: list[str], needed: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(["privacy.masks=true", *words])
    assert needed in str(error.value)


def test_one_group_is_taken_where_all_are_paid_alike() -> None:
    assert load_config(["privacy.masks=true", "rule.reward=stake"]).privacy.masks


def test_masks_ask_fewer_voters_to_convict_and_forgive_less_unless_it_is_set() -> None:
    masked = ["privacy.masks=true", "nodes=12", "alliance.proposers=8", "alliance.voters=4"]
    chosen = ["rule.convict_bps=9000", "rule.forgive=8"]
    asked = [terms_of(load_config(words)) for words in ([], masked, [*masked, *chosen])]
    assert [(terms.convict_bps, terms.forgive) for terms in asked if terms] == [(8000, 16), (6666, 4), (9000, 8)]
