"""What is to be run: a study of this project or of your own, or the combinations given on the command line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from fl_alliance.config import ConfigError
from fl_alliance.lab.bars import Bar
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.methods import BASELINES, RULES, known
from fl_alliance.lab.names import NONE, attack_words, expanded, poisons

ALWAYS = ("chain.url=memory://", "baselines=false")
"""Every run's chain is in memory, and nothing beside the run itself is computed."""
CLEAN = "fedavg"
"""What plain averaging of honest proposers comes to is what everything is compared with."""
_ALL_WORDS: Mapping[str, Sequence[str]] = {"all": tuple(BASELINES), "none": ()}


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of a study.

    Attributes
    ----------
    settings : sequence of str
        Hydra overrides of every run.
    data : mapping of str to sequence of str
        Name of a data set, or of another variant, to its overrides.
    clean : bool
        Whether plain averaging without any attacker is run too, as what everything is compared with.
    reference : mapping of str to mapping
        Of a variant, what others have published: mean balances of `honest` and `malicious`, rounds `rejected`.
    """

    name: str
    about: str = ""
    settings: Sequence[str] = ()
    data: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attacks: Sequence[str] = (NONE,)
    rules: Sequence[str] = ("candidates", "majority")
    baselines: Sequence[str] = ()
    seeds: Sequence[int] = (1,)
    bars: Sequence[Bar] = ()
    clean: bool = True
    reference: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def cells(self) -> list[Cell]:
        """Return every run, those first that others are compared with."""
        return list(dict.fromkeys(self._cells()))

    def _cells(self) -> Iterator[Cell]:
        for data, seed in product(self.data, self.seeds) if self.clean else ():
            yield self._cell(data, NONE, CLEAN, seed)
        # Attacks vary slowest but for the data, so that what is stopped early has compared whole attacks.
        for data, attack, seed in product(self.data, expanded(self.attacks), self.seeds):
            for method in (*self.rules, *self.baselines):
                if method in RULES or poisons(attack):
                    yield self._cell(data, attack, method, seed)

    def _cell(self, data: str, attack: str, method: str, seed: int) -> Cell:
        words = (*ALWAYS, *self.settings, *self.data[data], *attack_words(attack), *RULES.get(method, ()))
        return Cell(self.name, data, attack, method, seed, (*words, f"seed={seed}"))


def read_study(name: str) -> Plan:
    """Return a study by its name under `conf/study`, or from a YAML file of your own.

    Raises
    ------
    ConfigError
        There is none, or it does not say what a study needs to.
    """
    shipped = files("fl_alliance.conf") / "study" / f"{name}.yaml"
    path = Path(name) if name.endswith((".yaml", ".yml")) else None
    source = path if path is not None else shipped
    if not source.is_file():
        raise ConfigError(f"--study {name}: no such study; needs one of {', '.join(studies())}, or a YAML file")
    try:
        content = yaml.safe_load(source.read_text())
        return _plan(path.stem if path else name, content)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"--study {name}: {' '.join(str(error).split())}") from error


def studies() -> dict[str, str]:
    """Return name -> what it is about, of every study of this project."""
    found = [entry for entry in (files("fl_alliance.conf") / "study").iterdir() if entry.name.endswith(".yaml")]
    return {
        entry.name.removesuffix(".yaml"): str(yaml.safe_load(entry.read_text()).get("about", ""))
        for entry in sorted(found, key=lambda entry: entry.name)
    }


def narrowed(plan: Plan, words: Sequence[tuple[str, list[str]]]) -> Plan:
    """Return the plan with what the command line says instead; every word is a name and its values.

    `attack`, `rule`, `baselines`, `seed` and `data` choose runs; everything else is a setting, where a list of values
    makes as many variants of each data set.

    Raises
    ------
    ConfigError
        A choice that does not exist.
    """
    for name, values in words:
        match name:
            case "attack":
                plan = replace(plan, attacks=values)
            case "rule":
                plan = replace(plan, rules=[_rule(value) for value in values])
            case "baselines":
                chosen = _ALL_WORDS.get(values[0], values)
                plan = replace(plan, baselines=[known(value) for value in chosen])
            case "seed":
                plan = replace(plan, seeds=[_seed(value) for value in values])
            case "data":
                plan = replace(plan, data={label: plan.data[label] for label in _labels(plan, values)})
            case _:
                plan = replace(plan, data=_varied(plan.data, name, values))
    return plan


def _plan(name: str, content: Mapping[str, Any]) -> Plan:
    unknown = set(content) - {f for f in Plan.__dataclass_fields__ if f != "name"}
    if unknown:
        raise ConfigError(f"--study {name}: {', '.join(sorted(unknown))}: no part of a study")
    bars = [Bar(**bar) for bar in content.get("bars", ())]
    plan = Plan(name, **{**content, "bars": bars})
    baselines = _ALL_WORDS["all"] if plan.baselines == "all" else plan.baselines
    return replace(plan, rules=[_rule(rule) for rule in plan.rules], baselines=[known(each) for each in baselines])


def _rule(name: str) -> str:
    if name not in RULES:
        raise ConfigError(f"rule={name}: needs one of {', '.join(RULES)}")
    return name


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise ConfigError(f"seed={text}: needs a whole number from 0")
    return int(text)


def _labels(plan: Plan, wanted: Sequence[str]) -> list[str]:
    """Return the data sets whose names begin with what is wanted."""
    for text in wanted:
        if not any(label.startswith(text) for label in plan.data):
            raise ConfigError(f"data={text}: needs one of {', '.join(plan.data)}")
    return [label for label in plan.data if label.startswith(tuple(wanted))]


def _varied(data: Mapping[str, Sequence[str]], name: str, values: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return each variant of the data once for every value; a single value changes no names."""
    made: dict[str, Sequence[str]] = {}
    for (label, words), value in product(data.items(), values):
        # The data set goes by its name alone; another setting says what it is.
        shown = value if name == "workload" else f"{name.rpartition('.')[2]} {value}"
        longer = " ".join(part for part in (label, shown) if part)
        made[longer if len(values) > 1 or name == "workload" else label] = (*words, f"{name}={value}")
    return made
