"""Every page is there, says what is on the chain, and nothing that a stranger wrote becomes a part of it."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import assembly
import bazaar
import console_stage
import pytest

from fl_alliance.chain.dao import Appearance
from fl_alliance.chain.dao_deploy import ADMIN_ROLE
from fl_alliance.chain.deploy import EMISSION
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console import words
from fl_alliance.console.security import HEADERS

if TYPE_CHECKING:
    from conftest import Console

HOLDER = assembly.LARGE.address
PAGES = {
    "/": "Overview",
    "/alliance": "Task 1",
    "/alliance/run/1": "Members",
    "/alliance/run/1/rounds/1": "Who did what",
    "/alliance/run/1/rounds/2/members/0": "Why",
    "/alliance/run/1/members/3": "Rounds in which it was drawn",
    "/arena": "No task yet",
    "/dao": "Treasury",
    "/dao/gauges": "model:1",
    "/dao/propose": "Have the emission pay a task",
    "/dao/parameters": "emission.power_halves",
    "/marketplace": "Model 1",
    "/marketplace/1": "Knowledge base",
    "/ledger": "Why was I paid?",
    f"/ledger/{HOLDER}": "locked 600,000.0000 FML to vote",
    "/status": "block",
}


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [found for tag, found in self.tags if tag in names]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_is_on_the_chain_and_can_be_used_without_seeing_it(console: "Console", path: str) -> None:
    answer = console.get(path)
    outline = Outline(answer.text)
    assert answer.code == 200
    assert PAGES[path] in unescape(answer.text)
    for tag, attributes in outline.tags:
        assert "style" not in attributes, (tag, attributes)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        for name in ("href", "src", "action", "formaction"):
            target = attributes.get(name)
            assert target is None or re.match("[/#]", target), (tag, name, target)
    tables = answer.text.count("<table")
    assert answer.text.count("<caption") == tables
    assert all(found.get("scope") for found in outline.all("th"))
    if path == "/status":
        return
    assert [tag for tag, _ in outline.tags].count("h1") == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert outline.all(landmark), landmark
    assert outline.all("html")[0]["lang"] == "en"
    assert outline.all("a")[0] == {"class": "skip", "href": "#main"}
    labelled = answer.text.count("<label")
    fields = [found for found in outline.all("input", "select", "textarea") if found.get("type") != "hidden"]
    assert len(fields) <= labelled
    assert all(found.get("aria-label") or found.get("aria-labelledby") for found in outline.all("nav", "section"))


def test_a_page_that_is_not_there_says_what_is(console: "Console") -> None:
    for path, said in {
        "/alliance/elsewhere/1": "fl-alliance console RUN",
        "/alliance/run/2": "No task 2",
        "/alliance/run/1/rounds/9": "has not ended",
        "/dao/7": "No proposal 7; there are 0",
        "/marketplace/4": "No model 4; there are 1",
        "/arena/1": "No task 1; there are 0",
        "/nowhere": "Not Found",
    }.items():
        answer = console.get(path)
        assert (answer.code, said in answer.text) == (404, True), (path, answer.text)
    assert console.get("/ledger?account=0x12").code == 400


def test_a_form_that_was_refused_says_how_to_get_back_to_what_was_filled_in(console: "Console") -> None:
    refused = console.post("/sign/propose", text="A long text", name1="dao.quorum_percent", value1="51")
    assert refused.code == 400
    assert "Back button leads to the form" in refused.text
    assert "Back button" not in console.get("/dao/7").text


def test_a_command_between_backticks_is_an_element_and_a_strangers_markup_stays_text(console: "Console") -> None:
    assert words.coded("run `fl-alliance run` or `x`") == "run <code>fl-alliance run</code> or <code>x</code>"
    assert words.sentence("no `<b>` in a ` here") == "No <code>&lt;b&gt;</code> in a ` here."
    assert "<code>&lt;script&gt;</code>" in console.get("/ledger/%60%3Cscript%3E%60").text


def test_a_hostile_proposal_and_card_stay_text(console: "Console") -> None:
    proposal = console.stage.propose(console_stage.HOSTILE)
    assert proposal.description == console_stage.HOSTILE
    console.read()
    for path in ("/dao", "/dao/1", "/marketplace/1"):
        text = console.get(path).text
        assert "<script>document" not in text
        assert "<img" not in text
        assert "{{ 7 * 7 }}" in text  # a template's words in it are words
        assert "&lt;script&gt;" in text
        assert "\ufffdgnp.exe" in text  # what would turn the rest around is shown as what it is
        assert Outline(text).all("script") == [{"src": "/static/console.js", "defer": None}]


def test_what_a_proposal_does_is_read_from_its_calls_and_what_gives_power_away_is_marked(console: "Console") -> None:
    stranger = assembly.STRANGER.address
    console.stage.dao.propose(
        console.stage.dao.call(EMISSION, "grantRole", ADMIN_ROLE, stranger), text="Fix a comma in the docs"
    )
    console.read()
    text = unescape(console.get("/dao/1").text)
    assert "Look twice:" in text
    assert f"calls Emission.grantRole(0x{ADMIN_ROLE.hex()}, {stranger.lower()})" in text


def test_a_proposal_is_told_with_its_votes_as_it_goes_on(console: "Console") -> None:
    proposal = console.stage.propose()
    console.read()
    assert "in review" in console.get("/dao/1").text
    console.stage.dao.by(assembly.LARGE).appear(proposal.number, Appearance.PRESENT)
    console.read()
    text = console.get("/dao/1").text
    assert "signed in 60.0%" in text
    console.stage.dao.wait(assembly.TERMS.review_s)
    console.read()
    assert 'formaction="/sign/' not in console.get("/dao/1").text
    assert 'action="/sign/vote"' in console.get("/dao/1").text


def test_why_a_member_was_paid_is_told_as_the_ledger_tells_it(console: "Console") -> None:
    text = unescape(console.get("/alliance/run/1/rounds/1").text)
    members = re.findall(r"rounds/1/members/(\d+)", text)
    assert len(members) == 5
    stories = [unescape(console.get(f"/alliance/run/1/rounds/1/members/{member}").text) for member in members]
    assert sum("proposed, accepted 3 to 0" in story for story in stories) == 2
    assert sum("voted with the outcome, 3 to 0" in story for story in stories) == 3
    assert all("= reward * balance / winners' balances" in story for story in stories)


def test_a_model_that_is_paid_and_rated_shows_it_and_is_trending(console: "Console") -> None:
    shop = console.stage.bazaar
    Fml(shop.sender(bazaar.CALLER), shop.deployment.fml).transfer(shop.revenue().till(1), WEI_PER_FML)
    shop.revenue().sweep(1)
    console.read()
    text = unescape(console.get("/marketplace").text)
    assert re.search(r"Trending .*Model 1</a>\s*· <span class=\"n\">trend 1\.0000</span>", text, re.DOTALL)
    page = unescape(console.get("/marketplace/1").text)
    assert "fl-alliance market call 1 --csv rows.csv --cap 0.01<" in page


def test_a_part_of_a_page_is_sent_when_it_has_changed(console: "Console") -> None:
    first = console.get("/dao", X_Part="live")
    assert "<html" not in first.text
    assert "Treasury" in first.text
    tag = first.headers["ETag"]
    assert console.get("/dao", X_Part="live", If_None_Match=tag).code == 304
    console.stage.propose()
    console.read()
    again = console.get("/dao", X_Part="live", If_None_Match=tag)
    assert again.code == 200
    assert "Proposal 1" in again.text


def test_only_this_machine_by_its_own_names_is_answered_and_every_answer_is_guarded(console: "Console") -> None:
    port = console.url.rpartition(":")[2]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "[::1"):
        assert console.get("/", Host=host).code in (400, 403), host
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert console.get("/", Host=host).code == 200, host
    for path in ("/", "/dao", "/nowhere", "/static/console.css"):
        headers = console.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, path
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_pages_are_read_by_get_and_forms_of_other_pages_are_refused(console: "Console") -> None:
    assert console.post("/dao").code == 405
    assert console.get("/sign/lock").code == 405
    fields = {"amount": "5"}
    assert console_stage.ask(f"{console.url}/sign/lock", fields).code == 200
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert console_stage.ask(f"{console.url}/sign/lock", fields, **headers).code == 403, headers
    assert console_stage.ask(f"{console.url}/sign/lock", {"amount": "5" * 5000}).code == 400
