"""Read YAML strictly: every value with its line, by its text, and nothing that was not asked for.

YAML 1.1 takes 18:00 for 1080, 0x12 for 18 and `no` for false. Here the schema decides what a text means, not the text.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import yaml  # type: ignore[import-untyped]

from fl_alliance.shallow import require_shallow
from fl_alliance.site.errors import PolicyInvalid

MAX_BYTES = 256 * 1024
ANY = "any"
_PLAIN = "tag:yaml.org,2002:"
_SCALARS = frozenset(_PLAIN + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "value"))
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE]-?[0-9]{1,3})?")
_SHOWN = 60


def read(content: bytes, file: str) -> "Item":
    """Return the one document of a YAML text.

    Raises
    ------
    PolicyInvalid
        It is too long, no UTF-8, no YAML, or empty.
    """
    if len(content) > MAX_BYTES:
        raise PolicyInvalid(f"{file}: has {len(content)} bytes, needed at most {MAX_BYTES}")
    try:
        text = content.decode("utf-8")
        require_shallow(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"{file}: byte {error.start} is no UTF-8, needed text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "context", None) or "not readable"
        raise PolicyInvalid(f"{file}{line}: no YAML: {problem}") from None
    except (RecursionError, ValueError):
        raise PolicyInvalid(f"{file}: no YAML: nested too deep, or a value that cannot be") from None
    if node is None:
        raise PolicyInvalid(f"{file}: is empty, needed what fl-alliance policy init writes")
    return Item(node, file, "the policy")


@dataclass(frozen=True, slots=True)
class Item:
    """A value of a file: where it stands and what it is called."""

    node: yaml.Node
    file: str
    name: str

    def fail(self, needed: str, given: str | None = None) -> NoReturn:
        """Raise `PolicyInvalid` for this value."""
        line = self.node.start_mark.line + 1
        raise PolicyInvalid(f"{self.file}:{line}: {self.name}: given {given or self._shown}, needed {needed}")

    @property
    def _shown(self) -> str:
        if isinstance(self.node, yaml.ScalarNode):
            value = str(self.node.value)
            return "nothing" if not value else repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")
        return f"a list of {len(self.node.value)}" if self._is_list else f"a mapping of {len(self.node.value)} names"

    @property
    def _is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def _is_quoted(self) -> bool:
        return self.node.style in ("'", '"')

    def has_word(self, word: str) -> bool:
        """Return whether it is this one plain word."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.value == word and not self._is_quoted

    def mapping(self, needed: str) -> dict[str, "Item"]:
        """Return a mapping's values by name, each name once."""
        if not isinstance(self.node, yaml.MappingNode) or self.node.tag != _PLAIN + "map":
            self.fail(needed)
        found: dict[str, Item] = {}
        for key, value in self.node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _SCALARS:
                Item(key, self.file, f"a name in {self.name}").fail("plain text")
            name = str(key.value)
            inner = name if self.name == "the policy" else f"{self.name}.{name}"
            item = Item(value, self.file, inner if len(inner) <= _SHOWN else inner[:_SHOWN] + "...")
            if name in found:
                Item(key, self.file, item.name).fail("each name once", "it twice")
            found[name] = item
        return found

    def section(self, *names: str) -> list["Item"]:
        """Return the values of a mapping that has exactly these names, in their order."""
        found = self.mapping(f"a mapping with {', '.join(names)}")
        for name, item in found.items():
            if name not in names:
                item.fail(f"one of {', '.join(names)}", "an unknown name")
        if missing := [name for name in names if name not in found]:
            self.fail(f"{', '.join(missing)} too", f"only {', '.join(found) or 'nothing'}")
        return [found[name] for name in names]

    def items(self, needed: str, least: int = 0, most: int = 1000) -> list["Item"]:
        """Return a list's values."""
        if not self._is_list or self.node.tag != _PLAIN + "seq" or not least <= len(self.node.value) <= most:
            self.fail(needed)
        return [Item(node, self.file, f"{self.name}[{index}]") for index, node in enumerate(self.node.value)]

    def text(self, needed: str, pattern: str = r".{1,1000}") -> str:
        """Return a text that has this form."""
        node = self.node
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
            self.fail(needed)
        value = str(node.value)
        if not re.fullmatch(pattern, value):
            self.fail(needed)
        return value

    def word(self, choices: Sequence[str]) -> str:
        """Return one of these words."""
        needed = f"one of {', '.join(choices)}"
        value = self.text(needed)
        if value not in choices:
            self.fail(needed)
        return value

    def whole(self, low: int, high: int) -> int:
        """Return a whole number within bounds, both included."""
        needed = f"a whole number from {low} to {high}"
        value = int(self._unquoted(needed, _WHOLE))
        if not low <= value <= high:
            self.fail(needed)
        return value

    def number(self, low: float, high: float) -> float:
        """Return a finite number within bounds, both included."""
        needed = f"a number from {low:g} to {high:g}"
        value = float(self._unquoted(needed, _NUMBER))
        if not math.isfinite(value) or not low <= value <= high:
            self.fail(needed)
        return value

    def _unquoted(self, needed: str, form: re.Pattern[str]) -> str:
        value = self.text(needed)
        if self._is_quoted or not form.fullmatch(value):
            self.fail(needed)
        return value
