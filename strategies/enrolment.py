"""Bring the nodes of a Flower grid into a task: collect their signed registrations, to be submitted by anyone."""

from collections.abc import Mapping

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place, Registration

NO_SALT = bytes(32)


def collect_registrations(
    grid: Grid, place: Place, token: str, stake_wei: int, valid_before: int, timeout: float
) -> tuple[dict[int, Registration], dict[int, str]]:
    """Ask every node of the grid to join a task.

    Parameters
    ----------
    token : str
        Address of FML, whose ERC-3009 authorization moves the stake.
    stake_wei : int
        The stake on offer, for each node.
    valid_before : int
        Unix seconds after which a registration is worthless.
    timeout : float
        Seconds to wait for replies.

    Returns
    -------
    Flower node id -> registration, in the order of the nodes' partitions; and node id -> why it did not join.
    """
    terms: dict[str, int | str | bytes] = {"token": token, "stake-wei": str(stake_wei), "salt": NO_SALT}
    offer = wire.place_record(place, **terms, **{"valid-before": valid_before})
    messages = [_message(node_id, offer) for node_id in grid.get_node_ids()]
    found: dict[int, Registration] = {}
    refused = {message.metadata.dst_node_id: "no reply" for message in messages}
    for reply in grid.send_and_receive(messages, timeout=timeout):
        try:
            found[reply.metadata.src_node_id] = wire.read_registration(reply)
        except BadReply as error:
            refused[reply.metadata.src_node_id] = str(error)
    refused = {node_id: why for node_id, why in refused.items() if node_id not in found}
    return dict(sorted(found.items(), key=_by_partition)), refused


def _message(node_id: int, offer: ConfigRecord) -> Message:
    return Message(RecordDict({wire.ALLIANCE: offer}), dst_node_id=node_id, message_type=wire.JOIN)


def _by_partition(item: tuple[int, Registration]) -> tuple[int, str]:
    """Order by site, so that the roster does not depend on who answered first; an address breaks a tie."""
    return item[1].partition, item[1].address


def by_address(registrations: Mapping[int, Registration]) -> dict[str, int]:
    """Return member address -> Flower node id."""
    return {registration.address: node_id for node_id, registration in registrations.items()}
