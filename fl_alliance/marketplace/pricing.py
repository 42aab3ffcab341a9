"""What a call costs, in wei: the listing's price of a call, or of a thousand tokens of the answer where it speaks."""

A_THOUSAND = 1_000
LEAST_BYTES = 1_000
"""What a thousand tokens have in bytes at least, where a listing does not say more: a token has one."""


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


def said_wei(price_wei: int, tokens: int, size: int, thousand_bytes: int) -> int:
    """Return what an answer that vouchers pay costs: its tokens, and no more of them than its bytes can be.

    Parameters
    ----------
    price_wei : int
        The listing's.
    tokens : int
        That the host counts.
    size : int
        Bytes of the answer in UTF-8, which both count.
    thousand_bytes : int
        What a thousand tokens have in bytes at least, by the listing's lineage. Both are rounded up to a wei.
    """
    return min(charge_wei(price_wei, tokens), -(-price_wei * size // thousand_bytes))


def free_calls(locked_wei: int, wei_a_call: int, most: int) -> int:
    """Return how many calls a day an account has free: one for every `wei_a_call` that it has locked, `most` at most.

    Nothing is free where `wei_a_call` is 0.
    """
    return min(most, locked_wei // wei_a_call) if wei_a_call else 0
