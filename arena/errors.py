"""Everything that can go wrong in handling strangers' models, one class per thing a caller would catch.

ArenaError
├── ExtraMissing                an optional dependency is not installed
├── StoreError                  the content store
│   ├── StoreUrlUnusable        no store can be opened at this URL
│   ├── DigestUnusable          not a sha256 digest
│   ├── ContentMissing          nothing of that digest is there
│   ├── ContentDamaged          what is there has another digest
│   └── ContentTooLarge         what is there is larger than the caller allows
├── SubmissionRefused           a submission that scores worst, whatever it would have scored
│   ├── NotAFile                a symbolic link, folder, pipe or device where a file should be
│   ├── NotSafetensors          a pickle, an archive, code, or a damaged or dishonest safetensors file
│   ├── SubmissionTooLarge      more bytes, tensors or header than the task can need
│   ├── TermsRefused            no rank and alpha, or ones the task does not allow
│   ├── TensorsForeign          names, shapes or types other than the task's base gives
│   ├── NotFinite               NaN or infinity among the values
│   └── FolderForeign           a folder that holds other files than an adapter's two
├── TaskError                   a task's description
│   ├── SpecUnreadable          it is not one that this version reads
│   └── TaskMismatch            it is not what the chain, the kind or the data say
├── JournalError                a role's journal
│   ├── JournalForeign          it is another account's, or another task's
│   ├── JournalDamaged          an entry is not what was written
│   └── JournalBusy             another process has it open
├── ScorerFailed                a scorer broke on its own account: nothing was found out about the submission
├── FundsMissing                an account has less FML than it is to stake or pay
├── TaskUnfinished              nobody settled and finished a task that is over
├── LineageUnreadable           a lineage.json that this version cannot read
├── IsolationMissing            this machine cannot keep a scorer from the network
└── TargetUnusable              the function to run in a sandbox is not named MODULE:FUNCTION
"""


class ArenaError(Exception):
    """Root of this tree; messages name the call or file, what was found and what is needed."""


class ExtraMissing(ArenaError):
    """An optional dependency is not installed."""

    def __init__(self, purpose: str, package: str) -> None:
        super().__init__(f"{purpose} needs {package}; needed: pip install 'fl-alliance[arena]'")
        self.purpose, self.package = purpose, package


class StoreError(ArenaError):
    """The content store cannot do what was asked."""


class StoreUrlUnusable(StoreError):
    """No store can be opened at this URL; the message never carries credentials in it."""

    def __init__(self, url: str, found: str, needed: str) -> None:
        super().__init__(f"store {url}: found {found}; needed {needed}")
        self.url, self.found, self.needed = url, found, needed


class DigestUnusable(StoreError):
    """What was given is not the sha256 digest of anything."""

    def __init__(self, found: str) -> None:
        super().__init__(f"digest: found {found}; needed the 32 bytes of a sha256 digest")
        self.found = found


class ContentMissing(StoreError):
    """Nothing of that digest is in the store."""

    def __init__(self, digest: bytes, place: str) -> None:
        super().__init__(f"content {digest.hex()}: not in {place}")
        self.digest, self.place = digest, place


class ContentDamaged(StoreError):
    """What the store holds under a digest is not what has that digest."""

    def __init__(self, digest: bytes, place: str, found: str) -> None:
        super().__init__(f"content {digest.hex()} in {place}: found {found}; needed the content of that digest")
        self.digest, self.place, self.found = digest, place, found


class ContentTooLarge(StoreError):
    """What the store holds is larger than the caller allows; no more than that was read."""

    def __init__(self, digest: bytes, place: str, most: int) -> None:
        super().__init__(f"content {digest.hex()} in {place}: larger than the {most} bytes allowed")
        self.digest, self.place, self.most = digest, place, most


class SubmissionRefused(ArenaError):
    """A submission that must not be loaded; it gets the worst score."""


class NotAFile(SubmissionRefused):
    """A submission's path is no regular file of its own."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(f"submission file {shown(name)}: found {found}; needed a regular file")
        self.name, self.found = name, found


class NotSafetensors(SubmissionRefused):
    """The bytes are not one well-formed safetensors file."""

    def __init__(self, found: str) -> None:
        super().__init__(f"submission: found {found}; needed one well-formed safetensors file")
        self.found = found


class SubmissionTooLarge(SubmissionRefused):
    """A submission has more of something than the task can need."""

    def __init__(self, what: str, found: int, most: int) -> None:
        super().__init__(f"submission: found {found} {what}; needed at most {most}")
        self.what, self.found, self.most = what, found, most


class TermsRefused(SubmissionRefused):
    """An adapter's rank or alpha is missing, malformed or beyond the task's limits."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"adapter terms: found {found}; needed {needed}")
        self.found, self.needed = found, needed


class TensorsForeign(SubmissionRefused):
    """The tensors are not those that the task's base model and the adapter's rank give."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"tensors: found {found}; needed {needed}")
        self.found, self.needed = found, needed


class NotFinite(SubmissionRefused):
    """A tensor holds NaN or infinity."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"tensor {shown(name)}: found {count} values that are NaN or infinite; needed finite values")
        self.name, self.count = name, count


class FolderForeign(SubmissionRefused):
    """A submission's folder holds something else than an adapter's two files."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"submission folder: found {found}; needed {needed}")
        self.found, self.needed = found, needed


class TaskError(ArenaError):
    """A task's description cannot be used."""


class SpecUnreadable(TaskError):
    """A description that is none, is not in canonical form, or is of another version."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"task description: found {found}; needed {needed}")
        self.found, self.needed = found, needed


class TaskMismatch(TaskError):
    """Two sources that should say the same of a task do not."""

    def __init__(self, task: int, what: str, found: object, needed: object) -> None:
        super().__init__(f"task {task}: {what}: found {found}; needed {needed}")
        self.task, self.what, self.found, self.needed = task, what, found, needed


class JournalError(ArenaError):
    """A role's journal cannot be used."""


class JournalForeign(JournalError):
    """The folder holds the journal of another account, or of another task."""

    def __init__(self, folder: str, found: str, needed: str) -> None:
        super().__init__(f"journal {folder}: found that of {found}; needed that of {needed}")
        self.folder, self.found, self.needed = folder, found, needed


class JournalDamaged(JournalError):
    """An entry cannot be read; the message never carries what it holds."""

    def __init__(self, folder: str, name: str, found: str) -> None:
        super().__init__(f"journal {folder}: entry {name}: found {found}; needed what was written there")
        self.folder, self.name, self.found = folder, name, found


class JournalBusy(JournalError):
    """Another process works with this journal: two of one account would submit twice."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"journal {folder}: open in another process; needed exclusive use (stop the other one)")
        self.folder = folder


class ScorerFailed(ArenaError):
    """Scoring broke for a reason that is not the submission's."""

    def __init__(self, digest: bytes, words: str) -> None:
        super().__init__(f"scoring {digest.hex()[:12]}: {printable(words)}; needed a scorer that runs on this machine")
        self.digest, self.words = digest, words


class FundsMissing(ArenaError):
    """An account cannot pay what it is told to stake."""

    def __init__(self, account: str, purpose: str, found_wei: int, needed_wei: int) -> None:
        super().__init__(f"{account}: {purpose}: found {found_wei} wei of FML; needed {needed_wei}")
        self.account, self.found_wei, self.needed_wei = account, found_wei, needed_wei


class TaskUnfinished(ArenaError):
    """A task is long over and nobody finished its days."""

    def __init__(self, task: int, finished: int, needed: int) -> None:
        super().__init__(f"task {task}: found {finished} days finished; needed {needed}: somebody has to keep it")
        self.task, self.finished, self.needed = task, finished, needed


class LineageUnreadable(ArenaError):
    """A `lineage.json` that is none, or is of another version."""

    def __init__(self, found: str) -> None:
        super().__init__(f"lineage.json: found {found}; needed one that this version writes")
        self.found = found


class IsolationMissing(ArenaError):
    """This machine cannot keep a scorer from the network."""

    def __init__(self, reasons: str) -> None:
        super().__init__(
            f"sandbox: found no way to keep a scorer from the network ({reasons}); needed Linux with user namespaces, "
            "or with seccomp on x86_64 or aarch64, or require_no_network=False where the machine itself has no network"
        )
        self.reasons = reasons


class TargetUnusable(ArenaError):
    """The function to run in a sandbox is not named so that a child process could find it."""

    def __init__(self, found: str) -> None:
        super().__init__(f"sandbox target: found {shown(found)}; needed MODULE:FUNCTION")
        self.found = found


def printable(text: str, most: int = 500) -> str:
    """Return at most `most` characters of a stranger's text, without what would move the cursor or break the line."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:most])[:most]


def shown(text: str, most: int = 80) -> str:
    """Return a stranger's text so that it can stand in a message: escaped, quoted and at most `most` characters."""
    quoted = ascii(text[: most + 1])
    return quoted if len(quoted) <= most else f"{quoted[: most - 4]}'..."
