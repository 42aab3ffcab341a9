"""A policy file says everything and nothing else: what is unknown, mistyped or impossible is refused with its line."""

from pathlib import Path

import pytest

from fl_alliance.site.errors import PolicyInvalid
from fl_alliance.site.policy import RESERVE_BYTES, Policy, parse
from fl_alliance.site.template import template
from fl_alliance.site.words import told

TEXT = template("ab" * 32, (31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3", 7))
HERE = Path("/site/policy.yaml")


def changed(old: str, new: str) -> str:
    assert TEXT.count("\n" + old) == 1 or TEXT.count(old) == 1, old
    return TEXT.replace("\n" + old, "\n" + new) if "\n" + old in TEXT else TEXT.replace(old, new)


def test_the_written_policy_allows_the_named_task_and_the_installed_code_alone() -> None:
    policy = parse(TEXT.encode(), HERE)
    assert policy.tasks is not None
    assert policy.code == {"ab" * 32}
    (task,) = policy.tasks
    assert (task.chain_id, task.numbers) == (31337, {7})
    assert task.contract == "0x5fbdb2315678afecb367f032d93f642f64180aa3"
    assert policy.log == Path("/site/policy.decisions.jsonl")


def test_without_a_task_the_written_policy_allows_none() -> None:
    assert parse(template("ab" * 32).encode(), HERE).tasks == ()


@pytest.mark.parametrize(
    ("old", "new", "line_of", "said"),
    [
        ("version: 1", "version: 2", "version: 2", "given '2', needed a whole number from 1 to 1"),
        ("version: 1", "version: 1\nversion: 1", "version: 1\n", "it twice, needed each name once"),
        ("code:\n", "colour: red\ncode:\n", "colour", "colour: given an unknown name, needed one of version"),
        ("hours:\n  zone: UTC\n  open: always\n", "", "version", "needed hours too"),
        ("  examples: 100", "  examples: -1", "examples: -1", "least.examples: given '-1', needed a whole number"),
        ("  examples: 100", "  examples: 1.5", "examples: 1.5", "needed a whole number"),
        ("  examples: 100", '  examples: "100"', "examples: ", "needed a whole number"),
        ("  examples: 100", "  examples: [100]", "examples: ", "given a list of 1"),
        ("  examples: 100", "  examples:", "examples:", "given nothing"),
        ("    numbers: [7]", "    numbers: 7", "numbers: 7", "needed any, or a list"),
        ("    numbers: [7]", "    numbers: [seven]", "[seven]", "tasks[0].numbers[0]: given 'seven'"),
        ("  score_epsilon: any", "  score_epsilon: 0", "score_epsilon: 0", "needed any, or a number above 0"),
        ("  score_epsilon: any", "  score_epsilon: .inf", "score_epsilon: .inf", "needed a number from 0"),
        ("  lifetime_epsilon: any", "  lifetime_epsilon: 5", "unit: any", "count nothing without noise on updates"),
        ("  epsilon: any", "  epsilon: 5", "unit: any", "count nothing without noise on updates"),
        ("  unit: any\n  epsilon: any", "  unit: record\n  epsilon: 5", "delta: any", "says nothing without it"),
        (
            "  unit: any\n  epsilon: any\n  delta: any\n  masks: any\n  score_epsilon: any\n  lifetime_epsilon: any",
            "  unit: patient\n  epsilon: any\n  delta: 1e-5\n  masks: any\n  score_epsilon: any\n  lifetime_epsilon: 5",
            "score_epsilon: any",
            "counts nothing without noise on scores",
        ),
        ("  unit: any", "  unit: window", "unit: window", "needed one of any, record, patient"),
        ("  masks: any", "  masks: no", "masks: no", "needed one of any, yes"),
        ("  delta: any", "  delta: 0.5", "delta: 0.5", "needed a number from 0 to 0.1"),
        ("  patients: 0", "  patients: many", "patients: many", "needed a whole number"),
        ("  zone: UTC", "  zone: Mars/Olympus", "zone: Mars", "needed a time zone"),
        ("  zone: UTC", "  zone: ../../etc/passwd", "zone: ..", "needed a time zone"),
        (
            "  open: always",
            "  open: [{days: [mon], from: 09:00, to: 25:00}]",
            "open: [",
            "given '25:00', needed a time",
        ),
        ("  open: always", "  open: [{days: [noday], from: 09:00, to: 10:00}]", "open: [", "needed one of mon, tue"),
        ("  open: always", "  open: [{days: [mon], from: 09:00, to: 09:00}]", "open: [", "another time than to"),
        ("  message: 10 MB", "  message: 10 MiB", "message: 10 MiB", "needed a size such as 10 MB"),
        ("  message: 10 MB", "  message: 1 kB", "message: 1 kB", f"above {RESERVE_BYTES} bytes"),
        ("{digits: 2, range: [0, 1]}", "{digits: 2, range: [1, 0]}", "range: [1, 0]", "a lower and a higher number"),
        ("{digits: 2, range: [0, 1]}", "{digits: 2.5, range: [0, 1]}", "digits: 2.5", "needed a whole number"),
        ("contributions: yes", "contributions: maybe", "contributions: maybe", "needed one of yes, no"),
        ("code:\n  - " + "ab" * 32, "code: [abc]", "code: [abc]", "needed 64 hex digits"),
        ("version: 1", "version: !!python/object:os.system 1", "version: !!python", "needed a whole number"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(old: str, new: str, line_of: str, said: str) -> None:
    text = changed(old, new)
    lines = text.split("\n")
    expected = next(number for number, line in enumerate(lines, start=1) if line_of.strip() in line)
    if line_of == "version":
        expected = next(number for number, line in enumerate(lines, start=1) if line and not line.startswith("#"))
    if "twice" in said:
        expected += 1
    with pytest.raises(PolicyInvalid) as refused:
        parse(text.encode(), HERE)
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"/site/policy.yaml:{expected}: ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing\n",
        b"- a list",
        b"a: b: c",
        b"\xff\xfe",
        b"a: [1, 2",
        b"[" * 5000,
        b"a: &x [*x]",
        b"x" * 300_000,
        b"a: b\n---\nc: d",
        b"\x00",
        b"<<: {a: 1}",
        b"? [a]\n: b",
    ],
    ids=range(13),
)
def test_what_is_no_policy_at_all_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse(content, HERE)
    assert "\n" not in str(refused.value)


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match=r"policy\.yaml: No such file"):
        Policy.load(tmp_path / "policy.yaml")


def test_times_and_addresses_mean_what_they_look_like_without_quotes() -> None:
    text = changed("  open: always", "  open: [{days: [fri], from: 18:00, to: 06:00}]")
    text = text.replace(
        '"0x5FbDB2315678afecb367f032d93F642f64180aa3"\n    n', "0x5FbDB2315678afecb367f032d93F642f64180aa3\n    n"
    )
    policy = parse(text.encode(), HERE)
    (opening,) = policy.hours.openings
    assert (opening.begin, opening.end) == (18 * 60, 6 * 60)
    assert policy.tasks is not None
    assert policy.tasks[0].contract.endswith("0aa3")


def test_everything_that_a_policy_says_is_said_in_plain_words() -> None:
    text = changed("  score_epsilon: any", "  score_epsilon: 0.5").replace(
        "  unit: any\n  epsilon: any\n  delta: any\n  masks: any",
        "  unit: patient\n  epsilon: 8\n  delta: 1e-5\n  masks: yes",
    )
    text = text.replace("lifetime_epsilon: any", "lifetime_epsilon: 20").replace("patients: 0", "patients: 12")
    words = "\n".join(told(parse(text.encode(), HERE)))
    for part in (
        "tasks 7 of contract 0x5fbd",
        "chain 31337",
        "100 training examples",
        "4 members",
        "at most 0.5",
        "epsilon 20",
        "of 12 patients",
        "noise that protects each patient, epsilon of a task at most 8 at delta at most 1e-05",
        "updates need masks",
    ):
        assert part in words
    for part in (
        "10 MB",
        "200 MB",
        "1 GB",
        "always (UTC)",
        "metric train_loss leaves, clipped to 0..10",
        "multiples of 10",
    ):
        assert part in words
