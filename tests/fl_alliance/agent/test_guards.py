"""The guards behind grounding, each against what it is there for."""

import multiprocessing
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from prompts import FIRST, FOURTH, SECOND, THIRD
from scene import ADA, EVE, HOST, NOW, OWNER, Scene

from fl_alliance.agent.book import Book
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.errors import (
    BookRefused,
    GuardRefused,
    LimitExceeded,
    NameUnknown,
    NotAsAsked,
    NotUnderstood,
    ProposalUnreadable,
    StateDamaged,
    WordsUnclear,
    WouldFail,
)
from fl_alliance.agent.guards.decoding import Reader
from fl_alliance.agent.guards.grounding import ground
from fl_alliance.agent.guards.limits import Limits, Terms
from fl_alliance.agent.guards.schema import read_proposal
from fl_alliance.agent.tools import (
    Action,
    Appear,
    CallModel,
    Claim,
    Delegate,
    Lock,
    Rate,
    Stake,
    Transfer,
    Undelegate,
    Unlock,
    Unstake,
    Vote,
)
from fl_alliance.agent.transactions import Transaction, transactions_of
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.deploy import ARENA, TOKEN, VOTES
from fl_alliance.chain.errors import ChainUnreachable
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML as FML

# --- grounding, against whatever could be proposed

WHO = (ADA.address, EVE.address, HOST.address, OWNER.address)


def everything(words: str) -> list[Action]:
    """Every action over these accounts and numbers: whatever a model could make of the words, and more."""
    amounts = {int(Decimal(text) * FML) for text in re.findall(r"[0-9]+(?:\.[0-9]+)?", words) if len(text) < 9}
    amounts |= {FML, 5 * FML, 50 * FML, 500 * FML}
    found: list[Action] = [Transfer(to, amount) for to, amount in product(WHO, amounts)]
    found += [Stake(task, amount) for task, amount in product((1, 2), amounts)]
    found += [Delegate(to, task, amount) for to, task, amount in product(WHO, (1, 2), amounts)]
    found += [Undelegate(to, task) for to, task in product(WHO, (1, 2))]
    found += [tool(task) for tool, task in product((Unstake, Claim), (1, 2))]
    found += [tool(amount) for tool, amount in product((Lock, Unlock), amounts)]
    found += [Rate(model, stars) for model, stars in product((1, 2), range(1, 6))]
    found += [Vote(number, support) for number, support in product((1, 2), Support)]
    found += [Appear(number, how) for number, how in product((1, 2), Appearance)]
    found += [CallModel(model, amount) for model, amount in product((1, 2), amounts)]
    return found


def test_of_all_that_could_be_proposed_the_guards_pass_the_right_action_or_none(scene: Scene) -> None:
    proposed, passed = 0, 0
    for words, wanted in FIRST + SECOND + THIRD + FOURTH:
        grounded = []
        for call in everything(words):
            proposed += 1
            try:
                grounded.append(ground(call, words, scene.book, OWNER.address))
            except (NotUnderstood, GuardRefused):
                continue
        assert grounded in ([], [wanted]), words
        passed += len(grounded)
    print(f"{proposed} proposed, {passed} passed")
    assert passed >= 60
    assert proposed > 18_000


# --- schema

UNREADABLE = {
    "": "no JSON",
    "send 5 FML to ada": "no JSON",
    "[]": "a list",
    "{}": "no tool of that name",
    '{"tool":"withdraw_all"}': "no tool of that name",
    '{"tool":"transfer","to":"ada"}': "arguments",
    '{"tool":"transfer","to":"ada","amount":"5","from":"eve"}': "arguments",
    '{"tool":"transfer","to":"ada","amount":"5"} {"tool":"transfer"}': "no JSON",
    '{"tool":"transfer","to":"ada","amount":"5","amount":"50"}': "no JSON",
    '{"tool":"transfer","to":"ada","amount":true}': "amount is a bool",
    '{"tool":"transfer","to":"ada","amount":["5"]}': "amount is a list",
    '{"tool":"transfer","to":"ada","amount":"-5"}': "no plain amount",
    '{"tool":"transfer","to":"ada","amount":"5e3"}': "no plain amount",
    '{"tool":"transfer","to":"ada","amount":1e400}': "no plain amount",
    '{"tool":"transfer","to":"ada","amount":"1e400"}': "no plain amount",
    '{"tool":"vote","proposal":"1","choice":"maybe"}': "a choice of",
    '{"tool":"transfer","to":"ada","amount":"\\u001b[2J5"}': "amount is no short plain text",
    '{"tool":"transfer","to":"\u0430da","amount":"5"}': "to is no short plain text",
    '{"tool":"call_model","model":"1","budget":"1","question":"x"}': "arguments",
    '{"tool":"transfer","to":"ada","amount":"' + "5" * 5000 + '"}': "at most 4096",
    "[" * 4000: "no JSON",
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_tool_call_is_refused(text: str, scene: Scene) -> None:
    with pytest.raises(ProposalUnreadable, match=UNREADABLE[text]):
        read_proposal(text, scene.book, OWNER.address)


def test_names_come_from_the_book_alone(scene: Scene) -> None:
    for proposed in (
        '{"tool":"transfer","to":"mallory","amount":"5"}',
        '{"tool":"transfer","to":"nova","amount":"5"}',
        '{"tool":"stake","task":"ada","amount":"5"}',
        '{"tool":"stake","task":"glucose-9","amount":"5"}',
        '{"tool":"price","model":"-1"}',
    ):
        with pytest.raises(NameUnknown, match="address book"):
            read_proposal(proposed, scene.book, OWNER.address)
    read = read_proposal('{"tool":"stake","task":"Glucose-1","amount":5}', scene.book, OWNER.address)
    assert read == Stake(1, 5 * FML)


# --- the address book


def test_a_name_that_could_be_taken_for_another_one_is_refused(scene: Scene) -> None:
    book = scene.book
    for name in ("bob", "carol", "will1am", "corner", "dara"):
        book.add(name, HOST.address)
    for alike in ("b0b", "B0B", "caro1", "wiiliam", "comer", "clara"):
        with pytest.raises(BookRefused, match="looks like"):
            book.add(alike, HOST.address)
    for none in (
        "to",
        "FML",
        "me",
        "send",
        "5",
        "5ada",
        "a b",
        "",
        "ad\N{CYRILLIC SMALL LETTER A}",
        "x" * 32,
        "eth",
        "alliance",
        "twenty-five",
    ):
        with pytest.raises(BookRefused):
            book.add(none, HOST.address)
    for what in ("", "0x12", "task:0", "task:x", "proposal:1", ADA.address[:-1] + "f", "model:1 "):
        with pytest.raises(BookRefused):
            book.add("dan", what)
    for url in ("file:///etc/passwd", "http://me:secret@host/v1", "http://host/v1?key=secret", "http://", "http://["):
        with pytest.raises(BookRefused, match="URL") as refused:
            book.add("dan", "model:1", url)
        assert "secret" not in str(refused.value)


def test_a_book_is_read_back_whole_or_refused(scene: Scene) -> None:
    book = scene.book
    book.save()
    assert Book.load(book.path).entries == book.entries
    book.path.write_text(book.path.read_text().replace('"task:1"', '"task:one"'))
    with pytest.raises(StateDamaged, match="glucose-1"):
        Book.load(book.path)


# --- limits


def take(folder: Path, gate: "multiprocessing.synchronize.Event", taken: "multiprocessing.Queue[int]") -> None:
    gate.wait()
    for _ in range(10):
        try:
            Limits(folder).take(FML, NOW)
            taken.put(1)
        except LimitExceeded:
            return


def test_processes_that_spend_at_once_stay_within_the_day_together(tmp_path: Path) -> None:
    Limits(tmp_path).set(Terms(5 * FML, 13 * FML))
    context = multiprocessing.get_context("fork")
    gate, taken = context.Event(), context.Queue()
    workers = [context.Process(target=take, args=(tmp_path, gate, taken)) for _ in range(4)]
    for worker in workers:
        worker.start()
    gate.set()
    for worker in workers:
        worker.join()
    assert taken.qsize() == 13
    assert Limits(tmp_path).spent(NOW)[0] == 13 * FML


def test_a_day_is_24_hours_and_a_clock_set_back_frees_nothing(tmp_path: Path) -> None:
    limits = Limits(tmp_path)
    limits.set(Terms(5 * FML, 5 * FML))
    limits.take(5 * FML, NOW)
    for now in (NOW + 86_399, NOW - 10 * 86_400):
        with pytest.raises(LimitExceeded):
            limits.take(FML, now)
    limits.take(5 * FML, NOW + 86_400)


def test_how_often_is_bounded_whatever_it_costs(tmp_path: Path) -> None:
    limits = Limits(tmp_path)
    limits.set(Terms(5 * FML, 50 * FML, requests=3))
    for amount_wei in (0, FML, 0):
        limits.take(amount_wei, NOW)
    for amount_wei in (0, FML):
        with pytest.raises(LimitExceeded, match="3 requests were signed in the last 24 hours"):
            limits.take(amount_wei, NOW + 86_399)
    limits.take(0, NOW + 86_400)
    (tmp_path / "limits.json").write_text('{"transaction_wei": "5", "day_wei": "5"}')
    assert limits.terms.requests == Terms().requests


def test_a_diary_that_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    diary = Diary(tmp_path, lambda: NOW)
    diary.note("asked", words="one")
    diary.path.write_bytes(diary.path.read_bytes() + b'{"at": 18')
    diary.note("asked", words="two")
    assert [entry["words"] for entry in diary.entries()] == ["one", "two"]


def test_a_connection_that_breaks_while_sending_is_told_of_later(scene: Scene, monkeypatch: Any) -> None:
    def breaks(*_: object) -> None:
        raise ChainUnreachable("http://127.0.0.1:9", "cut off")

    agent = scene.agent()
    monkeypatch.setattr(Sender, "send", breaks)
    with pytest.raises(ChainUnreachable):
        agent.handle("send 5 FML to ada", scene.parser())
    assert scene.agent().diary.unfinished() == [f"transfer to {scene.deployment.fml}"]


def test_a_torn_line_is_forgotten_and_a_changed_one_is_not(tmp_path: Path) -> None:
    limits = Limits(tmp_path)
    limits.take(5 * FML, NOW)
    path = tmp_path / "spent.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at": 18')
    limits.take(5 * FML, NOW)
    assert limits.spent(NOW)[0] == 10 * FML
    path.write_bytes(b"nothing\n" + path.read_bytes())
    with pytest.raises(StateDamaged, match="line 1"):
        limits.check(FML, NOW)


# --- what would be signed


def test_bytes_that_do_something_else_are_not_what_was_asked_for(scene: Scene) -> None:
    place, reader = scene.place(OWNER), Reader(scene.place(OWNER), scene.book)
    wanted = Transfer(ADA.address, 5 * FML)
    [good] = transactions_of(wanted, place)
    assert reader.require(wanted, [good]).spends_wei == 5 * FML
    token = ContractReader(place.rpc, TOKEN, place.market.fml)
    votes = place.market.address(VOTES)
    for to, data in (
        (good.to, token.encode("transfer", EVE.address, 5 * FML)),
        (good.to, token.encode("transfer", ADA.address, 50 * FML)),
        (good.to, token.encode("approve", ADA.address, 5 * FML)),
        (good.to, token.encode("transferFrom", ADA.address, OWNER.address, 5 * FML)),
        (good.to, token.encode("delegate", EVE.address)),
        (good.to, good.data + b"\0"),
        (good.to, good.data[:-1]),
        (good.to, b""),
        (votes, good.data),
        (EVE.address, good.data),
    ):
        with pytest.raises(NotAsAsked):
            reader.require(wanted, [Transaction(to, data, "transfer")])
    with pytest.raises(NotAsAsked):
        reader.require(wanted, [good, good])


def test_an_allowance_is_for_what_the_action_takes_and_no_more(scene: Scene) -> None:
    place, reader = scene.place(OWNER), Reader(scene.place(OWNER), scene.book)
    for wanted in (Stake(1, 100 * FML), Delegate(ADA.address, 1, 5 * FML)):
        allowance, action = transactions_of(wanted, place)
        assert reader.require(wanted, [allowance, action]).action == wanted
        token = ContractReader(place.rpc, TOKEN, place.market.fml)
        for spender, amount_wei in ((action.to, 101 * FML), (action.to, 2**256 - 1), (EVE.address, 100 * FML)):
            more = replace(allowance, data=token.encode("approve", spender, amount_wei))
            with pytest.raises(NotAsAsked, match="allowance"):
                reader.require(wanted, [more, action])


def test_shares_and_stakes_stay_the_accounts_own(scene: Scene) -> None:
    place, reader = scene.place(OWNER), Reader(scene.place(OWNER), scene.book)
    _, deposit = transactions_of(Delegate(ADA.address, 1, 5 * FML), place)
    pool = ContractReader(place.rpc, "DelegationPool", deposit.to)
    for data in (
        pool.encode("deposit", 5 * FML, EVE.address),
        pool.encode("redeem", 5, EVE.address, OWNER.address),
        pool.encode("redeem", 5, OWNER.address, EVE.address),
        pool.encode("transfer", EVE.address, 5),
    ):
        with pytest.raises(NotAsAsked):
            reader.read([Transaction(deposit.to, data, "pool")])
    arena = ContractReader(place.rpc, ARENA, place.market.arena)
    for stake in ((1, 1, 5 * FML, 365, 0), (1, 2, 5 * FML, 0, 7)):
        with pytest.raises(NotAsAsked, match="another lock, role or key"):
            reader.read([Transaction(arena.address, arena.encode("stake", *stake), "stake")])


# --- the diary, and secrets


def test_a_key_in_the_words_goes_nowhere(scene: Scene) -> None:
    key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    agent = scene.agent()
    seed = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    for words in (f"send 5 FML to ada, my key is 0x{key}", f'ask nova "{key}" for 1 FML', f"my words are {seed}"):
        with pytest.raises(WordsUnclear, match="private key"):
            agent.handle(words, scene.parser())
        with pytest.raises(WordsUnclear, match="private key"):
            agent.carry_out(Transfer(ADA.address, 5 * FML), words)
    assert key not in agent.diary.path.read_text()
    assert "sausage" not in agent.diary.path.read_text()


def test_a_process_that_ended_between_signing_and_sending_is_noticed(scene: Scene, monkeypatch: Any) -> None:
    agent = scene.agent()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sender, "send", dies)
    with pytest.raises(KeyboardInterrupt):
        agent.handle("send 5 FML to ada", scene.parser())
    agent.diary.note("asked", words="another process goes on")
    assert agent.diary.unfinished() == [f"transfer to {scene.deployment.fml}"]
    assert agent.diary.unfinished() == []  # somebody was told
    assert agent.limits.spent(NOW)[0] == 5 * FML
    monkeypatch.undo()
    agent.handle("send 5 FML to ada", scene.parser())
    assert agent.diary.unfinished() == []


def test_what_stands_behind_an_allowance_is_run_again_before_it_is_signed(scene: Scene) -> None:
    """The account spends its FML elsewhere between yes and the second transaction."""
    agent = scene.agent(terms=Terms(10**6 * FML, 10**6 * FML))
    away = scene.place(OWNER).arena.token

    def sees(lines: Sequence[str]) -> bool:
        away.transfer(EVE.address, away.balance_wei() - 50 * FML)
        return True

    with pytest.raises(WouldFail, match=r"ERC20InsufficientBalance.*the allowance before it stands"):
        replace(agent, confirm=sees).handle("stake 100 FML on task 1", scene.parser())
    assert scene.place(OWNER).arena.my(1).own_wei == 0


def test_a_diary_is_read_back_up_to_a_line_that_breaks_off(tmp_path: Path) -> None:
    diary = Diary(tmp_path, lambda: NOW)
    diary.note("asked", words='two\nlines "and quotes"')
    diary.path.write_bytes(diary.path.read_bytes() + b'{"at":')
    assert [entry["words"] for entry in diary.entries()] == ['two\nlines "and quotes"']
    diary.path.write_bytes(b"[]\n")
    with pytest.raises(StateDamaged):
        list(diary.entries())
