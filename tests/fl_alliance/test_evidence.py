"""The archive of a run's evidence: an RO-Crate, the same for the same run, and verified without our software."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fl_alliance.audit import audit
from fl_alliance.cli.main import main
from fl_alliance.config import load_config
from fl_alliance.crate.archive import SUMS
from fl_alliance.crate.metadata import CONTEXT, NAME, PROFILE
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.site.template import template

WORDS = [
    *("workload=linear", "rounds=2", "nodes=5", "baselines=false", "strategy=fedavg"),
    *("alliance.proposers=2", "alliance.voters=2"),
]


def ran(root: Path, *more: str) -> RunFolder:
    folder, words = RunFolder(root), [*WORDS, *more]
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    (root / "flower.log").write_text("what Flower logs is nobody's business")
    return folder


def unpacked(folder: RunFolder, root: Path) -> Path:
    assert main(["evidence", str(folder.root)]) == 0
    with zipfile.ZipFile(folder.root / "evidence.zip") as archive:
        archive.extractall(root)
    return root


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return ran(tmp_path_factory.mktemp("evidence") / "run")


@pytest.fixture(scope="module")
def archive(finished: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a run, unpacked."""
    return unpacked(finished, tmp_path_factory.mktemp("unpacked"))


@pytest.fixture
def copied(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "archive"))


@pytest.fixture
def run_copy(finished: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(finished.root, tmp_path / "run", ignore=shutil.ignore_patterns("evidence.zip"))
    return RunFolder(tmp_path / "run")


def checker(archive: Path) -> ModuleType:
    """The program in the archive, by which anybody verifies it."""
    spec = importlib.util.spec_from_file_location("verify_archive", archive / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files(archive: Path) -> set[str]:
    """All files but those that SQLite leaves beside a chain that was read."""
    found = (path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file())
    return {name for name in found if not name.endswith(("-shm", "-wal"))}


def test_what_is_evidence_is_in_the_archive_and_nothing_else(archive: Path, finished: RunFolder) -> None:
    found = files(archive)
    beside = {"README.md", "verify.py", SUMS, NAME, "audit.html", "audit.json", "lineage.json", "model-card.md"}
    assert {*beside, "privacy.json", *(f"sites/{site:04}.md" for site in range(5))} == {
        name for name in found if not name.startswith("run/")
    }
    kept = {name.removeprefix("run/") for name in found if name.startswith("run/")}
    assert {"chain.db", "config.yaml", "deployment.json", "metrics.jsonl", "model.safetensors"} <= kept
    assert {name for name in kept if name.startswith("transcripts/")} == {
        f"transcripts/{path.name}" for path in finished.transcripts.iterdir()
    }
    assert not any(name.startswith("models/") or name.endswith((".log", ".html", ".zip")) for name in kept)


def test_the_metadata_is_a_crate_of_every_file(archive: Path) -> None:
    content = json.loads((archive / NAME).read_text())
    assert content["@context"][0] == CONTEXT
    entities: dict[str, dict[str, Any]] = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(entities) == len(content["@graph"])
    descriptor, root = entities[NAME], entities["./"]
    assert (descriptor["conformsTo"], descriptor["about"]) == ({"@id": PROFILE}, {"@id": "./"})
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license"} <= set(root)
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == files(archive) - {NAME, SUMS}
    for part in parts:
        data = (archive / part).read_bytes()
        assert entities[part]["@type"] == "File"
        assert entities[part]["sha256"] == hashlib.sha256(data).hexdigest()
        assert entities[part]["contentSize"] == str(len(data))
    referred = re.findall(r'"@id": "(#[a-z-]+)"', (archive / NAME).read_text())
    assert set(referred) <= set(entities)


def test_the_same_run_gives_the_same_bytes(finished: RunFolder, archive: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert main(["evidence", str(finished.root), "--to", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_what_the_documents_say_is_what_the_run_did(archive: Path, finished: RunFolder) -> None:
    report, lineage = (json.loads((archive / name).read_text()) for name in ("audit.json", "lineage.json"))
    verdict = audit(finished.root)
    model = verdict.audited.models.tasks[1]
    assert (report["verdict"], report["executed"], report["posted_roots"]) == ("everything holds", True, 2)
    assert report["verified"]["steps"] == verdict.audited.counts.steps
    assert lineage["final_model"] == model.model.hex() == lineage["rounds"][-1]["model"]
    assert lineage["members"] == [node.address for node in model.roster.nodes]
    card, page = (archive / "model-card.md").read_text(), (archive / "audit.html").read_text()
    assert model.model.hex() in card
    assert "| RMSE | " in card
    assert "everything holds" in page
    assert "://" not in page  # needs nobody's network
    for member, node in enumerate(model.roster.nodes):
        assert node.address in (archive / f"sites/{member:04}.md").read_text()


def test_the_unpacked_run_is_audited_like_the_run(archive: Path, finished: RunFolder) -> None:
    found, needed = audit(archive / "run", executes=False), audit(finished.root, executes=False)
    assert found.agreement == needed.agreement
    assert found.audited.head == needed.audited.head


def test_the_commands_in_the_readme_verify_it(archive: Path) -> None:
    told = (archive / "README.md").read_text()
    commands = re.findall(r"^ {7}(\S.*)$", told, re.MULTILINE)
    shell = [command for command in commands if command.startswith(("sha256sum", "(cd"))]
    assert len(shell) == 2
    for command in shell:
        subprocess.run(["sh", "-c", command], cwd=archive, check=True, capture_output=True)
    [path, *_] = (archive / "run" / "transcripts").iterdir()
    damaged = path.read_bytes()
    path.write_bytes(damaged.replace(b"accepted", b"rejected"))
    try:
        for command in shell:
            assert subprocess.run(["sh", "-c", command], cwd=archive, capture_output=True, check=False).returncode
    finally:
        path.write_bytes(damaged)


def test_the_program_in_the_archive_verifies_it_without_ours(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "fl_alliance" not in (archive / "verify.py").read_text()
    module = checker(archive)
    assert module.main(archive) == 0
    told = capsys.readouterr().out
    assert "2 transcripts lead from model" in told
    assert "8 proposals and commitments are signed by the members they are told of" in told
    assert "2 roots of transcripts are in transactions of the chain file" in told
    module.CAN_RECOVER = False
    assert module.main(archive) == 0
    assert "needed pip install eth-account" in capsys.readouterr().out


def another_byte(archive: Path) -> None:
    path = next((archive / "run" / "proposals").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def another_file(archive: Path) -> None:
    (archive / "run" / "more.txt").write_text("more")


def another_model(archive: Path) -> None:
    in_transcript(archive, lambda account: account.update(previous="00" * 32))


def another_signer(archive: Path) -> None:
    def lie(account: dict[str, Any]) -> None:
        first, second = account["proposals"]
        first["member"], second["member"] = second["member"], first["member"]

    in_transcript(archive, lie)


def another_score(archive: Path) -> None:
    in_transcript(
        archive, lambda account: account["votes"][0].update(word=hex(int(account["votes"][0]["word"], 16) ^ 1))
    )


def in_transcript(archive: Path, lie: Callable[[dict[str, Any]], None]) -> None:
    """Change the second transcript, and everything in the archive that names it: whoever made the archive can."""
    path = next((archive / "run" / "transcripts").glob("00002-*"))
    content = json.loads(path.read_text())
    lie(content["chain"])
    data = json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    old, new = path.stem[6:], hashlib.sha256(data).hexdigest()
    path.unlink()
    path.with_name(f"00002-{new}.json").write_bytes(data)
    for name in ("lineage.json", NAME):
        (archive / name).write_text((archive / name).read_text().replace(old, new))
    graph = json.loads((archive / NAME).read_text())
    for entity in graph["@graph"]:
        if entity["@type"] == "File":
            entity["sha256"] = hashlib.sha256((archive / entity["@id"]).read_bytes()).hexdigest()
    (archive / NAME).write_text(json.dumps(graph))
    sums = sorted(files(archive) - {SUMS})
    lines = [f"{hashlib.sha256((archive / name).read_bytes()).hexdigest()}  {name}\n" for name in sums]
    (archive / SUMS).write_text("".join(lines))


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (another_byte, "is not the file that was archived"),
        (another_file, "files without a sum"),
        (another_model, "starts from another model than the one before ended with"),
        (another_signer, "is signed by"),
        (another_score, "not what was posted"),
    ],
)
def test_the_program_in_the_archive_finds_what_was_changed(
    copied: Path, tamper: Callable[[Path], None], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(copied)
    assert checker(copied).main(copied) == 1
    told = capsys.readouterr().err
    assert "does not hold" in told
    assert message in told


# What gets no archive


def refused(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["evidence", str(folder.root)]) == 2
    assert not (folder.root / "evidence.zip").exists()
    assert not list(folder.root.glob("*.part"))
    return capsys.readouterr().err


def test_a_folder_without_a_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no run in this folder" in refused(RunFolder(tmp_path), capsys)
    assert "no run in this folder" in refused(RunFolder(tmp_path / "nowhere"), capsys)


@pytest.mark.parametrize("name", ["model.safetensors", "metrics.jsonl", "deployment.json"])
def test_a_run_that_did_not_come_to_its_end_is_refused(
    run_copy: RunFolder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_copy.root / name).unlink()
    assert f"no {name}; needed a run that came to its end" in refused(run_copy, capsys)


def test_a_run_without_transcripts_is_refused(run_copy: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(run_copy.transcripts)
    assert "transcripts/: no transcript in it; needed one of every round" in refused(run_copy, capsys)


def test_a_run_whose_chain_is_elsewhere_or_open_is_refused(
    run_copy: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    log = run_copy.chain.with_name("chain.db-wal")
    log.write_bytes(b"open")
    assert "the chain is still open" in refused(run_copy, capsys)
    log.unlink()
    run_copy.chain.unlink()
    assert "no chain file; needed the run's own, or a copy" in refused(run_copy, capsys)


def test_a_run_that_does_not_hold_gets_no_archive(run_copy: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(run_copy.transcripts.glob("00002-*"))
    path.write_bytes(path.read_bytes().replace(b'"accepted"', b'"rejected"'))
    assert main(["evidence", str(run_copy.root)]) == 1
    assert "does not hold: transcript of round 2" in capsys.readouterr().err
    assert not list(run_copy.root.glob("evidence.*"))


def test_a_link_out_of_the_run_is_not_followed(run_copy: RunFolder, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("a key")
    (run_copy.root / "overrides.txt").unlink()
    (run_copy.root / "overrides.txt").symlink_to(secret)
    assert "run/overrides.txt" not in files(unpacked(run_copy, tmp_path / "unpacked"))


# What is known of privacy


def test_policies_of_simulated_sites_are_in_it_by_digest(tmp_path: Path) -> None:
    policy, text = tmp_path / "policy.yaml", template("ab" * 32)
    text = text.replace("tasks: []", "tasks: any").replace("examples: 100", "examples: 1")
    policy.write_text(text.replace("code:\n  - " + "ab" * 32, "code: any"))
    folder = ran(tmp_path / "run", f"runtime.policy={policy}", "nodes=4", "rounds=1")
    archive = unpacked(folder, tmp_path / "unpacked")
    digest = hashlib.sha256(policy.read_bytes()).hexdigest()
    sites = json.loads((archive / "privacy.json").read_text())["sites"]
    assert any(site["policies"] == [digest] for site in sites)
    for site in sites:
        statement = (archive / f"sites/{site['member']:04}.md").read_text()
        assert (digest in statement) == (digest in site["policies"])


def test_receipts_and_ledgers_are_in_it(tmp_path: Path) -> None:
    pytest.importorskip("opacus")
    folder = ran(tmp_path / "run", "rule.score_epsilon=1", "rule.reward=stake", "nodes=4")
    archive = unpacked(folder, tmp_path / "unpacked")
    assert "run/receipts.jsonl" in files(archive)
    told = json.loads((archive / "privacy.json").read_text())
    assert told["promise"]["score_epsilon"] == 1.0
    receipts = [json.loads(line) for line in folder.receipts.read_text().splitlines()]
    last = {receipt["update"]: receipt for receipt in receipts}
    found = [site["receipt"] for site in told["sites"] if site["receipt"]]
    assert found
    assert all(last[receipt["update"]] == receipt for receipt in found)
    assert any(site["ledgers"] for site in told["sites"])
