"""What a task promises of privacy, in plain words, from the settings that it pins."""

from collections.abc import Iterator

from fl_alliance.config import JobConfig
from fl_alliance.dp.account import Promise


def promised(config: JobConfig) -> Iterator[str]:
    """Yield what nobody learns of a site by its updates, by its votes, and by both together; a line each."""
    yield _updates(config)
    if config.privacy.masks:
        least = config.privacy.mask_group - config.privacy.mask_absent
        yield f"the coordinator sees no single update but sums of {least} to {config.privacy.mask_group} sites (masks)"
    else:
        yield "the coordinator sees each update by itself (no masks)"
    yield _votes(config)


def _updates(config: JobConfig) -> str:
    if config.dp.unit == "none":
        return "updates carry no noise: they can give away what they were trained on"
    promise = Promise.of(config)
    assert promise is not None  # noqa: S101  private training promises
    votes = ", votes included" if config.rule.score_epsilon else ""
    return (
        f"updates carry noise that protects each {promise.unit}: epsilon {promise.epsilon:g} at delta "
        f"{promise.delta:g} over all {config.rounds} rounds{votes}; the node stops before that is exceeded"
    )


def _votes(config: JobConfig) -> str:
    rule = config.rule
    if not rule.score_epsilon:
        shares = ", and what each update contributed" if rule.name == "candidates" and rule.reward != "stake" else ""
        return f"votes carry no noise: losses on held-out data{shares} are public for ever"
    unit = config.dp.unit if config.dp.unit != "none" else "record"
    total = config.rounds * rule.score_epsilon
    return (
        f"votes carry noise that protects each held-out {unit}: epsilon {rule.score_epsilon:g} a round, {total:g} in "
        f"{config.rounds} rounds"
    )
