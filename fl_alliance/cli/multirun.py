"""A sweep: every combination of the values given, each in its own run folder, then a table of the results."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from fl_alliance.config import ConfigError, load_config
from fl_alliance.folders import new_folder
from fl_alliance.results import Results, read_results


def expand(overrides: Sequence[str]) -> list[list[str]]:
    """Return the override words of every combination, the last sweep varying fastest.

    Hydra's own grammar: `rounds=5,10`, `seed=range(1,4)`, `strategy=choice(fedavg,krum)`.

    Raises
    ------
    ConfigError
        A word hydra cannot parse, or a glob, which has no list to choose from here.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise ConfigError(" ".join(str(error).split())) from None
    return [list(words) for words in product(*(_values(override) for override in parsed))]


def sweep(overrides: Sequence[str], root: Path, quiet: bool) -> int:
    """Run every combination in `root/<n>`; all are composed first, so that a wrong one stops the sweep at once."""
    from fl_alliance.cli.run import run_job

    combinations = expand(overrides)
    for words in combinations:
        load_config(words)
    new_folder(root)
    results = []
    for number, words in enumerate(combinations):
        print(f"\nrun {number + 1} of {len(combinations)}: {' '.join(words)}")
        folder = new_folder(root / str(number))
        if (code := run_job(words, folder, quiet)) != 0:
            return code
        results.append(read_results(folder))
    _print_table(_swept(combinations), results)
    return 0


def _values(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [str(override.input_line)]
    if override.value_type is ValueType.GLOB_CHOICE_SWEEP:
        raise ConfigError(f"{override.input_line}: needs the values listed, such as strategy=fedavg,fedmedian")
    key = override.get_key_element()
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def _swept(combinations: Sequence[Sequence[str]]) -> list[list[str]]:
    """Keep of every combination the words in which combinations differ."""
    differs = [len(set(column)) > 1 for column in zip(*combinations, strict=True)]
    return [[word for word, keep in zip(words, differs, strict=True) if keep] for words in combinations]


def _print_table(swept: Sequence[Sequence[str]], results: Sequence[Results]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="sweep")
    headline = results[0].headline
    for name in ("run", "settings", headline.label if headline else "metric", "accepted", "rejected", "void"):
        table.add_column(name, justify="left" if name in ("run", "settings") else "right")
    for words, result in zip(swept, results, strict=True):
        value = result.final.get(headline.name) if headline else None
        counts = (str(result.count(outcome)) for outcome in ("accepted", "rejected", "void"))
        figure = "" if value is None else f"{value:.4g}"
        table.add_row(str(result.folder.root), " ".join(words), figure, *counts)
    Console().print(table)
