"""What a call costs, in wei: the listing's price of a call, or of a thousand tokens of the answer where it speaks."""

A_THOUSAND = 1_000


def charge_wei(price_wei: int, tokens: int | None) -> int:
    """Return what an answer costs.

    Parameters
    ----------
    price_wei : int
        The listing's.
    tokens : int or None
        Of the answer, none of the question; None where the model does not speak. Rounded up to a wei.
    """
    return price_wei if tokens is None else -(-price_wei * tokens // A_THOUSAND)


def free_calls(locked_wei: int, wei_a_call: int, most: int) -> int:
    """Return how many calls a day an account has free: one for every `wei_a_call` that it has locked, `most` at most.

    Nothing is free where `wei_a_call` is 0.
    """
    return min(most, locked_wei // wei_a_call) if wei_a_call else 0
