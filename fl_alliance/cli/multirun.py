"""A sweep: every combination of the values given, each in its own run folder, then a table of the results."""

import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from fl_alliance.cli.expected import expected_errors
from fl_alliance.config import ConfigError, load_config
from fl_alliance.folders import new_folder
from fl_alliance.outcomes import OUTCOMES, outcome_name
from fl_alliance.results import Results, read_results
from fl_alliance.workloads.base import Metric


def expand(overrides: Sequence[str]) -> list[list[str]]:
    """Return the override words of every combination, the last sweep varying fastest.

    Hydra's own grammar: `rounds=5,10`, `seed=range(1,4)`, `strategy=choice(fedavg,krum)`.

    Raises
    ------
    ConfigError
        A word hydra cannot parse, or a glob, an interval or an empty range, which have no list to choose from.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise ConfigError(" ".join(str(error).split())) from None
    return [list(words) for words in product(*(_values(override) for override in parsed))]


def sweep(overrides: Sequence[str], root: Path, quiet: bool) -> int:
    """Run every combination in `root/<n>`, and return 2 where one of them failed.

    All are composed first, so that a wrong one stops the sweep at once; one that fails later does not stop the others.
    """
    from fl_alliance.cli.run import run_job

    combinations = expand(overrides)
    for words in combinations:
        load_config(words)
    new_folder(root)
    results: list[Results | None] = []
    for number, words in enumerate(combinations):
        print(f"\nrun {number + 1} of {len(combinations)}: {' '.join(words)}")
        folder = new_folder(root / str(number))
        try:
            if (code := run_job(words, folder, quiet)) != 0:
                return code
        except expected_errors() as error:
            print(f"fl-alliance run: run {number}: {' '.join(str(error).split())}", file=sys.stderr)
            results.append(None)
        else:
            results.append(read_results(folder))
    _print_table(_swept(combinations), results)
    print(f"folders: {root}/0 to {root}/{len(combinations) - 1}")
    return 2 if None in results else 0


def _values(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [str(override.input_line)]
    if override.value_type in (ValueType.GLOB_CHOICE_SWEEP, ValueType.INTERVAL_SWEEP):
        raise ConfigError(f"{override.input_line}: needs the values listed, such as strategy=fedavg,fedmedian")
    key = override.get_key_element()
    values = [f"{key}={value}" for value in override.sweep_string_iterator()]
    if not values:
        raise ConfigError(f"{override.input_line}: has no value to run; needs at least one")
    return values


def _swept(combinations: Sequence[Sequence[str]]) -> list[list[str]]:
    """Keep of every combination the words in which combinations differ."""
    differs = [len(set(column)) > 1 for column in zip(*combinations, strict=True)]
    return [[word for word, keep in zip(words, differs, strict=True) if keep] for words in combinations]


def _print_table(swept: Sequence[Sequence[str]], results: Sequence[Results | None]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="sweep")
    headline = next((result.headline for result in results if result is not None), None)
    rules = sorted({result.is_of_candidates for result in results if result is not None})
    outcomes = ("/".join(dict.fromkeys(outcome_name(name, rule) for rule in rules)) or name for name in OUTCOMES)
    for name in ("run", "settings", headline.label if headline else "metric", *outcomes):
        table.add_column(name, justify="left" if name in ("run", "settings") else "right")
    for number, (words, result) in enumerate(zip(swept, results, strict=True)):
        table.add_row(str(number), " ".join(words), *(_figures(result, headline) if result else ("failed", "", "", "")))
    # In a pipe rich takes 80 columns for granted; there is no edge to fit a table to.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _figures(result: Results, headline: Metric | None) -> list[str]:
    value = result.final.get(headline.name) if headline else None
    counts = (str(result.count(outcome)) for outcome in OUTCOMES)
    return ["" if value is None else f"{value:.4g}", *counts]
