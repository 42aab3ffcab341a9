"""How anybody verifies an archive with public tools alone: its README.md."""

from string import Template

from fl_alliance.audit.facts import Audited
from fl_alliance.chain.replay import TaskModel

_README = Template(
    """# How to verify this archive

Nothing here needs to be believed. The first five steps need no software of ours; run them in the unpacked archive.

1. Every byte is the one that was archived:

       sha256sum --check --quiet SHA256SUMS

2. A transcript is named by its sha256:

       (cd run/transcripts; for f in *.json; do n=$${f#*-}; echo "$${n%.json}  $$f"; done | sha256sum --check --quiet)

3. Each says what it starts from and what it ends with:

       jq -r '.chain | [.round, .outcome, .previous, .model] | @tsv' run/transcripts/*.json

   In each line the third column is the fourth of the line before. The first model is
   `$first`, the last
   `$last`.

4. All of that; that members signed what is told of them (EIP-712, which every wallet's library recovers); and that the
   roots of transcripts are those that were posted on chain. `verify.py` is there to be read, and uses nothing of ours:

       pip install eth-account && python3 verify.py .

5. The chain is a SQLite file. Its id is $chain; its last block must have the hash
   `$head`:

       sqlite3 run/chain.db 'SELECT number, lower(hex(hash)) FROM block ORDER BY number DESC LIMIT 1'

6. Everything else, draws, votes, pay, receipts of spent privacy budget and the aggregate to the bit: FL Alliance in the
   version whose code digest is `$code`:

       fl-alliance audit run

   It executes every transaction again and trusts neither `audit.json` nor who wrote it.

What nothing here vouches for is listed in `audit.json` under `unverified`.
"""
)


def instructions(audited: Audited, model: TaskModel) -> str:
    """Return the README of a task's archive."""
    return _README.substitute(
        first=model.params.initial_model.hex(),
        last=model.model.hex(),
        chain=audited.chain_id,
        head=audited.head.hex(),
        code=model.params.code_digest.hex(),
    )
