"""The policy file that `fl-alliance policy init` writes: every line of it explained."""

from importlib.resources import files

_TASKS = "tasks: []"


def template(code: str, task: tuple[int, str, int] | None = None) -> str:
    """Return a policy's text for the installed code, that allows one task (chain id, contract, number) or none yet."""
    text = files("fl_alliance.site").joinpath("policy.yaml").read_text(encoding="utf-8")
    if task is not None:
        chain, contract, number = task
        text = text.replace(
            _TASKS, f'tasks:\n  - chain: {chain}\n    contract: "{contract}"\n    numbers: [{number}]', 1
        )
    return text.replace("code: any", f"code:\n  - {code}", 1)
