"""What an attack's short name stands for: `alie+collusion` poisons by ALIE and votes by collusion."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from fl_alliance.config import ConfigError

NONE = "none"
GROUPS = ("update", "vote", "protocol")
SETS = {"all-updates": "update", "all-votes": "vote", "all-protocol": "protocol"}
"""Names that stand for all attacks of a group."""


def attack_words(attack: str) -> tuple[str, ...]:
    """Return the overrides of an attack; one that a group of your own holds is named with it, `update/my-attack`.

    Raises
    ------
    ConfigError
        No such attack, or two that would take the same place.
    """
    found: dict[str, str] = {}
    for part in attack.split("+"):
        group, name = _placed(part)
        if group and group in found:
            raise ConfigError(f"attack={attack}: {found[group]!r} and {name!r} are of {group}; needs one")
        if group:
            found[group] = name
    return tuple(f"attack/{group}={name}" for group, name in found.items())


def expanded(attacks: Sequence[str]) -> list[str]:
    """Return the attacks with every set replaced by what it holds, each once; raises as `attack_words`."""
    named = [each for attack in attacks for each in (attacks_of(SETS[attack]) if attack in SETS else [attack])]
    for attack in named:
        attack_words(attack)
    return list(dict.fromkeys(attack.replace("_", "-") for attack in named))


def poisons(attack: str) -> bool:
    """Return whether an attack does more than to vote, so that it means something to who asks no voters."""
    return attack == NONE or any(not word.startswith("attack/vote=") for word in attack_words(attack))


@cache
def attacks_of(group: str) -> list[str]:
    """Return the attacks of a group that this project brings along."""
    folder = files("fl_alliance.conf") / "attack" / group
    names = [entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return sorted(name for name in names if name != NONE)


def _placed(part: str) -> tuple[str, str]:
    """Return group and name of one part of an attack; an empty group for none at all."""
    group, slash, name = part.partition("/")
    if slash:
        if group not in GROUPS:
            raise ConfigError(f"attack={part}: needs one of {', '.join(f'{known}/...' for known in GROUPS)}")
        return group, name
    wanted = part.replace("_", "-")
    if wanted == NONE:
        return "", NONE
    for known in GROUPS:
        if wanted in attacks_of(known):
            return known, wanted
    names = [NONE, *SETS, *(name for known in GROUPS for name in attacks_of(known))]
    near = "".join(f". Did you mean {name!r}?" for name in get_close_matches(wanted, names, n=1))
    raise ConfigError(f"attack={part}: no such attack; needs one of {', '.join(names)}{near}")
