"""Words of the default task: tools with their arguments, how people ask for them, and what arguments may be."""

TOOLS = {
    "balance": ("account",),
    "price": ("model",),
    "status": ("task",),
    "transfer": ("to", "amount"),
    "stake": ("task", "amount"),
    "unstake": ("task",),
    "claim": ("task",),
    "delegate": ("to", "task", "amount"),
    "undelegate": ("to", "task"),
    "lock": ("amount",),
    "unlock": ("amount",),
    "appear": ("proposal", "choice"),
    "vote": ("proposal", "choice"),
    "rate": ("model", "stars"),
    "call_model": ("model", "budget"),
}
"""Name of a tool -> its arguments, in the order in which an answer has them."""

PHRASES = {
    "balance": (
        "How much FML does {account} have?",
        "Show me the balance of {account}.",
        "What is in {account}'s wallet?",
        "Balance of {account}, please.",
        "I would like to know {account}'s balance.",
    ),
    "price": (
        "What does a call of {model} cost?",
        "How expensive is {model}?",
        "Tell me the price of {model}.",
        "What would I pay for {model}?",
    ),
    "status": (
        "How is {task} going?",
        "What is the status of {task}?",
        "Tell me about {task}.",
        "How much have I earned in {task}?",
    ),
    "transfer": (
        "Send {amount} FML to {to}.",
        "Please pay {to} {amount} FML.",
        "Transfer {amount} FML to {to}'s account.",
        "{to} should get {amount} FML from me.",
        "I owe {to} {amount} FML, please pay.",
        "Could you give {amount} FML to {to}?",
        "{to} needs {amount} FML. Send it.",
        "Let {to} have {amount} FML.",
    ),
    "stake": (
        "Stake {amount} FML on {task}.",
        "I want to put {amount} FML at stake in {task}.",
        "Lock {amount} FML up for {task}.",
        "Join {task} with a stake of {amount} FML.",
        "Add {amount} FML to my stake in {task}.",
        "In {task}, stake {amount} FML for me.",
    ),
    "unstake": (
        "Unstake from {task}.",
        "Give me my stake in {task} back.",
        "{task} is over, withdraw my stake.",
        "I want my stake out of {task}.",
    ),
    "claim": (
        "Claim my rewards in {task}.",
        "Collect what I earned in {task}.",
        "Get my earnings from {task}, please.",
        "Pay out my reward of {task}.",
    ),
    "delegate": (
        "Delegate {amount} FML to {to} in {task}.",
        "Back {to} with {amount} FML in {task}.",
        "Let {to} stake {amount} FML of mine on {task}.",
        "In {task}, delegate {amount} FML to {to}.",
        "Put {amount} FML behind {to} in {task}.",
        "I trust {to}, so delegate {amount} FML in {task}.",
    ),
    "undelegate": (
        "Undelegate from {to} in {task}.",
        "Take my FML back from {to} in {task}.",
        "Stop delegating to {to} in {task}.",
        "In {task}, withdraw all that I have behind {to}.",
    ),
    "lock": (
        "Lock {amount} FML to vote.",
        "I would like to lock {amount} FML for voting.",
        "Lock up {amount} FML so that I can vote.",
        "Put {amount} FML into the DAO as votes.",
    ),
    "unlock": (
        "Unlock {amount} FML of my votes.",
        "Release {amount} FML that I locked to vote.",
        "I want {amount} FML of my locked FML back.",
        "Free {amount} FML from the vote lock.",
    ),
    "appear": (
        "Flag proposal {proposal}: {choice}.",
        "Proposal {proposal} is {choice}, flag it.",
        "In the review of proposal {proposal} I am {choice}.",
        "Mark proposal {proposal} as {choice}.",
    ),
    "vote": (
        "Vote {choice} on proposal {proposal}.",
        "My vote on proposal {proposal} is {choice}.",
        "On proposal {proposal} I say {choice}.",
        "Cast a {choice} for proposal {proposal}.",
        "Please put me down as {choice} on proposal {proposal}.",
    ),
    "rate": (
        "Rate {model} {stars} stars.",
        "Give {model} {stars} of 5 stars.",
        "My rating of {model} is {stars}.",
        "{stars} stars for {model}.",
    ),
    "call_model": (
        "Ask {model} and spend at most {budget} FML.",
        "Run {model} for up to {budget} FML.",
        "Call {model}, no more than {budget} FML.",
        "Use {model} with a budget of {budget} FML.",
        "I have a question for {model}, {budget} FML at most.",
    ),
}

_WOMEN = (
    "Ada",
    "Berta",
    "Cleo",
    "Dana",
    "Edda",
    "Fay",
    "Gina",
    "Hana",
    "Ines",
    "Jana",
    "Karin",
    "Lena",
    "Mara",
    "Nina",
)
_MEN = ("Anton", "Ben", "Carl", "David", "Emil", "Frank", "Gus", "Hugo", "Ivo", "Jonas", "Kurt", "Luca", "Milo", "Nils")
_PEOPLE = (*_WOMEN, *_MEN)
_WHOLE = tuple(str(amount) for amount in range(1, 1000))
_SPOKEN = ("one", "two", "five", "ten", "twelve", "twenty", "thirty-five", "a hundred", "two hundred", "one thousand")
_SHORT = (*(f"{amount}k" for amount in range(1, 30)), *(f"{amount / 10}" for amount in range(1, 200) if amount % 10))
_AMOUNTS = (*_WHOLE, *_SHORT, *_SPOKEN * 10)
_TASKS = tuple(
    f"{name}-{number}" for name in ("glucose", "digits", "speech", "xray", "legal") for number in range(1, 40)
)
_NUMBERED = tuple(str(number) for number in range(1, 200))
_MODELS = tuple(f"{name}-{size}" for name in ("smol", "nova", "atlas", "lyra", "terra") for size in range(1, 60))

FILLERS = {
    "account": _PEOPLE,
    "to": _PEOPLE,
    "amount": _AMOUNTS,
    "budget": _AMOUNTS,
    "task": (*_TASKS, *(f"task {number}" for number in _NUMBERED)),
    "model": (*_MODELS, *(f"model {number}" for number in _NUMBERED)),
    "proposal": _NUMBERED,
    "choice": ("yes", "no", "abstain"),
    "stars": ("1", "2", "3", "4", "5"),
}
"""Name of an argument -> what it may be, as written both in a prompt and in its answer."""
OTHERS = {("appear", "choice"): ("present", "scam", "frivolous")}
"""Tool and argument -> what that may be, where it is not as in `FILLERS`."""


def fillers_of(tool: str, argument: str) -> tuple[str, ...]:
    """Return what an argument of a tool may be."""
    return OTHERS.get((tool, argument), FILLERS[argument])
