"""Requests, each with the one call that is right, or None where nothing may be signed.

FIRST were written after the guards and the parser (commit "Read the words of an action to the last one") and measured
as they are; then the lexicons got more words. SECOND were written after that (commit "Know more words for the same
actions"), and no rule that reads words was changed after they were measured.

ada, eve: accounts of the address book; glucose-1: task 1; nova: model 1.
"""

from scene import ADA, EVE, HOST, OWNER

from fl_alliance.agent.tools import Appear, Balance, Call, CallModel, Delegate, Price, Stake, Transfer, Undelegate, Vote
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.types import WEI_PER_FML as FML

Prompts = tuple[tuple[str, Call | None], ...]

FIRST: Prompts = (
    ("Send Ada 12 FML", Transfer(ADA.address, 12 * FML)),
    ("could you please transfer 3.5 FML to eve", Transfer(EVE.address, 35 * FML // 10)),
    (f"Move 7 FML to {HOST.address}", Transfer(HOST.address, 7 * FML)),
    ("Eve should receive 20 FML.", Transfer(EVE.address, 20 * FML)),
    ("I owe ada 4 FML, pay her", Transfer(ADA.address, 4 * FML)),
    ("pay eve 0.25 fml please", Transfer(EVE.address, FML // 4)),
    ("drop 2 FML into ada's wallet", Transfer(ADA.address, 2 * FML)),
    ("Give 1 FML to EVE, thanks!", Transfer(EVE.address, FML)),
    ("How much do I have?", Balance(OWNER.address)),
    ("what's ada's balance", Balance(ADA.address)),
    ("is nova expensive?", Price(1)),
    ("what do I pay for model 1", Price(1)),
    ("stake 100 FML in glucose-1", Stake(1, 100 * FML)),
    ("I want to join task 1 with 120 FML", Stake(1, 120 * FML)),
    ("Lock up 150 FML in task 1 for me", Stake(1, 150 * FML)),
    ("delegate 30 FML to ada in glucose-1", Delegate(ADA.address, 1, 30 * FML)),
    ("In task 1, back Ada with 25 FML", Delegate(ADA.address, 1, 25 * FML)),
    ("support ada in task 1 with 10 FML of mine", Delegate(ADA.address, 1, 10 * FML)),
    ("take back everything that I have behind ada in task 1", Undelegate(ADA.address, 1)),
    ("Vote no on proposal 1", Vote(1, Support.AGAINST)),
    ("I vote for proposal 1", Vote(1, Support.FOR)),
    ("count me as abstaining on proposal 1", Vote(1, Support.ABSTAIN)),
    ("flag proposal 1 as a scam", Appear(1, Appearance.SCAM)),
    ("sign me in for proposal 1", Appear(1, Appearance.PRESENT)),
    ('ask nova "What is 2 + 2?" for up to 1 FML', CallModel(1, FML, "What is 2 + 2?")),
    ('Use model 1: "Name a colour." Budget 0.75 FML.', CallModel(1, 3 * FML // 4, "Name a colour.")),
    ("send 5 FML to adam", None),
    ("send 5 FML to ada and the same to eve", None),
    ("send ada half of my FML", None),
    ("send 10 to eve, sorry, I meant ada", None),
    ("if ada has less than 5 FML send her 5 FML", None),
    ("don't stake 100 FML in task 1", None),
    ("send 1,500 FML to ada", None),
    ("send twenty FML to ada", Transfer(ADA.address, 20 * FML)),
    ("send 10 euros to ada", None),
    ("Ada sent me 5 FML yesterday", None),
    ("ada wants 5 FML from me, what do you think?", None),
    ('"send 9 FML to eve" is what the letter said', None),
    ("vote yes on proposal 1, or rather no", None),
    ("delegate 10 FML to ada in task 1 next week", None),
)

SECOND: Prompts = (
    ("Transfer 8 FML to ada.", Transfer(ADA.address, 8 * FML)),
    ("Hey, can you pay eve 15 FML?", Transfer(EVE.address, 15 * FML)),
    (f"please forward 2.75 FML to {EVE.address}", Transfer(EVE.address, 275 * FML // 100)),
    ("I'd like to give ada 6 FML", Transfer(ADA.address, 6 * FML)),
    ("ada needs 3 FML, send it", Transfer(ADA.address, 3 * FML)),
    ("Wire eve 40 FML right away", Transfer(EVE.address, 40 * FML)),
    ("let ada have 9 FML", Transfer(ADA.address, 9 * FML)),
    ("make a payment of 11 FML to eve", Transfer(EVE.address, 11 * FML)),
    ("my balance?", Balance(OWNER.address)),
    ("show me what eve has", Balance(EVE.address)),
    ("Price of nova", Price(1)),
    ("What does calling model 1 cost?", Price(1)),
    ("please stake 110 FML on task 1", Stake(1, 110 * FML)),
    ("put 130 FML at stake in glucose-1", Stake(1, 130 * FML)),
    ("enter glucose-1 with 140 FML of stake", Stake(1, 140 * FML)),
    ("could you delegate 12.5 FML to ada on task 1", Delegate(ADA.address, 1, 25 * FML // 2)),
    ("place 35 FML behind ada in glucose-1", Delegate(ADA.address, 1, 35 * FML)),
    ("let ada stake 45 FML of mine in task 1", Delegate(ADA.address, 1, 45 * FML)),
    ("Withdraw my delegation from ada in glucose-1", Undelegate(ADA.address, 1)),
    ("undelegate everything from ada in task 1 please", Undelegate(ADA.address, 1)),
    ("My vote on proposal 1 is yes", Vote(1, Support.FOR)),
    ("I reject proposal 1", Vote(1, Support.AGAINST)),
    ("abstain on proposal 1", Vote(1, Support.ABSTAIN)),
    ("attend the review of proposal 1", Appear(1, Appearance.PRESENT)),
    ("report proposal 1 as frivolous", Appear(1, Appearance.FRIVOLOUS)),
    ('Ask model 1 "Who wrote Faust?" and spend no more than 0.6 FML', CallModel(1, 6 * FML // 10, "Who wrote Faust?")),
    ("send 5 FML to eve unless ada objects", None),
    ("send ada 5 FML but only if proposal 1 passes", None),
    ("was 5 FML sent to ada?", None),
    ("cancel the transfer of 5 FML to ada", None),
    ("send 5 FML to ada, eve", None),
    ("pay ada 5 USDC", None),
    ("pay ada 5e2 FML", None),
    ("send all my FML to eve", None),
    ("send 5 FML to the node in task 1", None),
    ("stake 5 FML on task 1 and delegate 5 FML to ada in task 1", None),
    ("eve says: send her 100 FML", None),
    ("vote like ada on proposal 1", None),
    ("remind me to send 5 FML to ada", None),
    ("It would be wrong to send 5 FML to eve", None),
)
