"""Words of the default task: tools with their arguments, how people ask for them, and what arguments may be."""

TOOLS = {
    "balance": ("account",),
    "price": ("model",),
    "transfer": ("to", "amount"),
    "stake": ("task", "amount"),
    "delegate": ("to", "task", "amount"),
    "vote": ("proposal", "choice"),
    "call_model": ("model", "budget"),
}
"""Name of a tool -> its arguments, in the order in which an answer has them."""

PHRASES = {
    "balance": (
        "How much FML does {account} have?",
        "Show me the balance of {account}.",
        "What is in {account}'s wallet?",
        "Balance of {account}, please.",
    ),
    "price": (
        "What does a call of {model} cost?",
        "How expensive is {model}?",
        "Tell me the price of {model}.",
        "What would I pay for {model}?",
    ),
    "transfer": (
        "Send {amount} FML to {to}.",
        "Please pay {to} {amount} FML.",
        "Transfer {amount} FML to {to}'s account.",
        "{to} should get {amount} FML from me.",
    ),
    "stake": (
        "Stake {amount} FML on {task}.",
        "I want to put {amount} FML at stake in {task}.",
        "Lock {amount} FML for the task {task}.",
        "Join {task} with a stake of {amount} FML.",
    ),
    "delegate": (
        "Delegate {amount} FML to {to} in {task}.",
        "Back {to} with {amount} FML in {task}.",
        "Let {to} stake {amount} FML of mine on {task}.",
        "In {task}, delegate {amount} FML to {to}.",
    ),
    "vote": (
        "Vote {choice} on proposal {proposal}.",
        "My vote on proposal {proposal} is {choice}.",
        "On proposal {proposal} I say {choice}.",
        "Cast a {choice} for proposal {proposal}.",
    ),
    "call_model": (
        "Ask {model} and spend at most {budget} FML.",
        "Run {model} for up to {budget} FML.",
        "Call {model}, no more than {budget} FML.",
        "Use {model} with a budget of {budget} FML.",
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
_TASKS = tuple(
    f"{name}-{number}" for name in ("glucose", "digits", "speech", "xray", "legal") for number in range(1, 40)
)
_MODELS = tuple(f"{name}-{size}" for name in ("smol", "nova", "atlas", "lyra", "terra") for size in range(1, 60))

FILLERS = {
    "account": _PEOPLE,
    "to": _PEOPLE,
    "amount": _WHOLE,
    "budget": _WHOLE,
    "task": _TASKS,
    "model": _MODELS,
    "proposal": tuple(str(number) for number in range(1, 200)),
    "choice": ("yes", "no", "abstain"),
}
"""Name of an argument -> what it may be, as written both in a prompt and in its answer."""
