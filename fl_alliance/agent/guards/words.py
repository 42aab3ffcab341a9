"""The user's own words before they are read: what may be in them at all, what is quoted, and that no secret is."""

import re
import unicodedata

from fl_alliance.agent.errors import WordsUnclear

LONGEST = 2_000
"""Characters."""
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”')
_PLAIN = re.compile(r"[A-Za-z0-9 .,!?:;'#_-]*", re.ASCII)
_TYPED = (
    ("\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    (" \N{EM DASH} ", ", "),
    (" \N{EN DASH} ", ", "),
    ("\N{EM DASH}", ", "),
    ("\N{HORIZONTAL ELLIPSIS}", ", "),
    ("(", ", "),
    (")", ", "),
    (" -> ", " to "),
)
"""What is read as plain punctuation, or as a word; no name and no number has one of these."""
_SET = re.compile(r"(?<=[A-Za-z])=(?=[A-Za-z0-9])")
"""Between a word and its value: task=3."""
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_SEED_WORDS = 12
"""The shortest seed phrase (BIP-39)."""


def split(words: str) -> tuple[str, list[str]]:
    """Return words without what is quoted, which stands as a space in them, and the quotations.

    Raises
    ------
    WordsUnclear
        Too long; a character that does not show, or outside of quotations one that could be taken for another one; a
        quotation that does not end.
    """
    if len(words) > LONGEST:
        raise WordsUnclear(f"{len(words)} characters, needed at most {LONGEST}")
    for character in words:
        if unicodedata.category(character)[0] == "C":
            raise WordsUnclear(f"{shown(character)} in the words does not show; needed text that does")
    quoted = [first or second for first, second in _QUOTED.findall(words)]
    plain = _SET.sub(" ", _QUOTED.sub(" ", words))
    for typed, read in _TYPED:
        plain = plain.replace(typed, read)
    if not _PLAIN.fullmatch(plain):
        odd = next(each for each in plain if not _PLAIN.fullmatch(each))
        why = "a quotation that does not end" if odd in '"“”' else "needed plain letters, digits and punctuation"
        raise WordsUnclear(f"{shown(odd)}: {why}")
    return plain, quoted


def bare_of(word: str) -> str:
    """Return a word in small letters without the punctuation around it."""
    return word.strip(".,!?:;").lower()


def has_secret(words: str) -> bool:
    """Return whether there are 64 hex digits in a row, as in a private key, or twelve words as in a seed phrase."""
    tokens = re.findall("[a-z]+", words.lower())
    if len(tokens) < _SEED_WORDS:
        return _KEY.search(words) is not None
    from eth_account.hdaccount.mnemonic import Mnemonic

    known = set(Mnemonic().wordlist)
    are_known = [token in known for token in tokens]
    seeds = (all(are_known[at : at + _SEED_WORDS]) for at in range(len(tokens) - _SEED_WORDS + 1))
    return _KEY.search(words) is not None or any(seeds)


def shown(text: str) -> str:
    """Return text of the user's for a message, a character outside ASCII by its name: it may look like another one."""
    if len(text) == 1 and not (text.isascii() and text.isprintable()):
        return f"U+{ord(text):04X} {unicodedata.name(text, 'without a name')}"
    return repr(text[:50])
