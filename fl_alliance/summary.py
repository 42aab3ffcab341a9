"""What a run prints at its end: the headline figure beside what it had to beat, the money, and where to look."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fl_alliance.amounts import fml, size
from fl_alliance.archive import ProposalArchive
from fl_alliance.bookkeeping import task_begun
from fl_alliance.records import RunFolder
from fl_alliance.results import Results, read_results


def print_summary(folder: RunFolder, console: Console | None = None) -> None:
    """Print the summary of a finished run from its folder."""
    out = console or Console(highlight=False)
    results = read_results(folder)
    if results.headline and results.final:
        out.print(_comparison(results))
    out.print(_rounds(results), soft_wrap=True)
    for text in _kept(results, folder):
        out.print(text, soft_wrap=True)
    if left_out := _left_out(results):
        out.print(escape(left_out), soft_wrap=True)
    for what, where in _places(folder):
        out.print(f"  {what:<8} {escape(where)}", soft_wrap=True)


def _comparison(results: Results) -> Table:
    """Return the metrics of the final model and of every reference, best headline figure marked."""
    table = Table(title=None, box=None, padding=(0, 2, 0, 0))
    table.add_column(f"{escape(results.workload)}, {len(results.rounds)} rounds")
    for metric in results.metrics:
        table.add_column(f"{metric.label}{f' ({metric.unit})' if metric.unit else ''}", justify="right")
    methods = {"this run": results.final, **results.references}
    for name, values in methods.items():
        style = "bold" if name == "this run" else "dim"
        figures = (f"{values[m.name]:.4g}" if m.name in values else "" for m in results.metrics)
        table.add_row(escape(name), *figures, style=style)
    return table


def _rounds(results: Results) -> str:
    if not results.rounds:
        return "no round was settled"
    paid = sum(delta for record in results.rounds for delta in record.deltas.values() if delta > 0)
    taken = -sum(delta for record in results.rounds for delta in record.deltas.values() if delta < 0)
    pool, escrow = results.rounds[-1].pool, results.rounds[-1].escrow
    kept = f" ({fml(escrow)} of it from escrow at the end)" if escrow else ""
    money = f"paid {fml(paid + escrow)} FML{kept}, slashed {fml(taken)} FML, left in the pool {fml(pool)} FML"
    return f"rounds: {results.counts()}; {money}"


def _kept(results: Results, folder: RunFolder) -> Iterator[str]:
    """Yield what voters received a round, and what the proposals take on disk."""
    sent = [record for record in results.rounds if record.ballot_bytes and record.proposal_bytes]
    if sent and any(record.choice for record in sent):
        ballot, proposals = (
            sum(amounts) / len(sent)
            for amounts in zip(*((record.ballot_bytes, record.proposal_bytes) for record in sent), strict=True)
        )
        yield f"sent to each voter a round: {size(ballot)} of models, {ballot / proposals:.2f} times the proposals"
    if kept := ProposalArchive(folder.proposals).size_bytes:
        yield f"kept for the audit: all proposals, {size(kept)} (records.proposals=none keeps none)"


def _left_out(results: Results) -> str:
    """Return how many replies of members did not count, and why the last of them did not; empty where all did."""
    found = [(record.round, *entry) for record in results.rounds for entry in record.dropped.items()]
    if not found:
        return ""
    number, member, reason = found[-1]
    return f"left out: {len(found)} replies; the last, of member {member} in round {number}: {' '.join(reason.split())}"


def _places(folder: RunFolder) -> list[tuple[str, str]]:
    places = [
        ("report", str(folder.report)),
        ("model", str(folder.model)),
        ("ledger", f"fl-alliance ledger {folder.root}"),
        ("verify", f"fl-alliance audit {folder.root}"),
    ]
    return places + ([("emission", keep)] if (keep := _keeper(folder)) else [])


def _keeper(folder: RunFolder) -> str:
    """Return the command that has the last days paid, which are not over yet; empty where no emission pays."""
    config = read_results(folder).config
    if not config.get("market", {}).get("emission"):
        return ""
    where = f"chain.url={config['chain']['url']} chain.manifest={folder.manifest}"
    return f"fl-alliance arena keep alliance:{task_begun(folder)} {where}"
