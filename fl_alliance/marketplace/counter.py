"""Answering a call: admitted, answered, charged, in this order; without HTTP."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fl_alliance.chain.listings import Listing
from fl_alliance.marketplace.admission import Admission, request_digest
from fl_alliance.marketplace.chatbot import UNKNOWN, Grounded, grounded
from fl_alliance.marketplace.engines import Message, Read, Seat
from fl_alliance.marketplace.errors import EngineFailed, InputRefused, NotServed
from fl_alliance.marketplace.knowledge import Knowledge
from fl_alliance.marketplace.lineage import Lineage
from fl_alliance.marketplace.pricing import charge_wei, said_wei
from fl_alliance.marketplace.requests import Chat, Rows, model_name
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.tickets import Asked, Ticket

_TERMS_S = 5.0
"""Seconds for which a listing's price is taken as read."""


@dataclass(slots=True)
class Served:
    """A listed model that a gateway answers for."""

    number: int
    seat: Seat
    lineage: Lineage
    listing: Listing
    read_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as JSON, and headers that go with it."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Talk:
    """An admitted chat call, at the price of a thousand tokens that it was admitted at.

    `grounded` is None for a model without a knowledge base, `is_known` false where it has one that says nothing of the
    question.
    """

    served: Served
    price_wei: int
    chat: Chat
    ticket: Ticket
    messages: tuple[Message, ...]
    grounded: Grounded | None
    is_known: bool
    name: str
    created: int

    @property
    def most_tokens(self) -> int:
        """Of the answer."""
        return self.chat.most_tokens


class Counter:
    """Where calls are answered.

    Parameters
    ----------
    stall : Stall
        The marketplace as the host acts in it.
    served : mapping
        The models by number.
    admission : Admission
    knowledge : Knowledge
    """

    def __init__(self, stall: Stall, served: Mapping[int, Served], admission: Admission, knowledge: Knowledge) -> None:
        self.served, self.admission, self.knowledge = dict(served), admission, knowledge
        self._stall = stall

    def predict(self, rows: Rows, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Answer rows; raises `InputRefused`, `EngineFailed`, and what admission does."""
        served = self._serving(rows.model, speaks=False)
        served.seat.engine.check(rows.inputs)  # type: ignore[union-attr]
        price = served.listing.price_wei
        ticket = self.admission.admit(Asked(rows.model, price, request_digest("/v1/predict", body), headers))
        with cancelled(ticket):
            with served.seat.taken() as engine:
                found = engine.predict(rows.inputs)
            content = {"model": model_name(rows.model), **found, "fl_alliance": _bill(ticket, price)}
            answer = _json(content)
            told = ticket.finish(price, answer)
        return Reply(answer, told)

    def talk(self, chat: Chat, body: bytes, headers: Mapping[str, str]) -> Talk:
        """Admit a question; raises as `predict` does. Whoever has the talk finishes or cancels its ticket."""
        served = self._serving(chat.model, speaks=True)
        tokens = min(chat.most_tokens, served.seat.engine.most_tokens)  # type: ignore[union-attr]
        price_wei = served.listing.price_wei
        most = charge_wei(price_wei, tokens)
        ticket = self.admission.admit(Asked(chat.model, most, request_digest("/v1/chat/completions", body), headers))
        with cancelled(ticket):
            tokens = min(tokens, self.admission.free.tokens) if ticket.means == "free" else tokens
            has_base = self.knowledge.has_any(chat.model)
            found = grounded(self.knowledge, chat.model, chat.messages) if has_base else None
            messages = chat.messages if found is None else tuple(found.messages)
            name = f"chatcmpl-{secrets.token_hex(12)}"
            limited = Chat(chat.model, chat.messages, tokens, chat.temperature, chat.is_streamed)
            is_known, now = not has_base or found is not None, int(time.time())
            return Talk(served, price_wei, limited, ticket, messages, found, is_known, name, now)

    def converse(self, talk: Talk, said: Callable[[str], bool]) -> Reply:
        """Have the model answer, and charge for it.

        Parameters
        ----------
        said : callable
            Hears each token's text, and after that what the gateway writes itself; false: nobody listens any more. Who
            leaves pays for the tokens that it was sent, or for all where the payment is of a fixed amount. What pays
            is held from the first token on: the model answers, and till then its payer could make it worthless.
        """
        pieces: list[str] = []
        read = Read(0)
        is_whole, can_leave = True, talk.ticket.means != "x402"
        with cancelled(talk.ticket):
            if talk.is_known:
                with talk.served.seat.taken() as engine:
                    for piece in engine.answer(talk.messages, talk.most_tokens, talk.chat.temperature):
                        if isinstance(piece, Read):
                            read = piece
                            continue
                        if talk.chat.is_streamed:
                            if not pieces:
                                talk.ticket.hold()
                            if not said(piece) and can_leave:
                                is_whole = False
                                break
                        pieces.append(piece)
                if not pieces:
                    raise EngineFailed("the model said nothing")
            reply = self._charged(talk, pieces, read, is_whole)
        if ending := _ending(talk, is_whole):
            said(ending)
        return reply

    def _charged(self, talk: Talk, pieces: list[str], read: Read, is_whole: bool) -> Reply:
        """Charge for what was said; "I do not know" costs nothing."""
        text = "".join(pieces) + _ending(talk, is_whole)
        charged = _price_wei(talk, len(pieces), text) if pieces else 0
        answer = _json(completion(talk, text, (read.tokens, len(pieces)), _bill(talk.ticket, charged)))
        told = talk.ticket.finish(charged, answer)
        if talk.grounded is not None and charged and talk.ticket.means not in ("free", "open"):
            self.admission.books.use(talk.chat.model, dict.fromkeys(talk.grounded.documents, 1))
        return Reply(answer, told)

    def _serving(self, number: int, speaks: bool) -> Served:
        """Return a model with the terms of its listing now; raises `NotServed`, `InputRefused`."""
        served = self.served.get(number)
        if served is None:
            raise NotServed(model_name(number))
        if time.monotonic() - served.read_at > _TERMS_S:
            served.listing, served.read_at = self._stall.listing(number), time.monotonic()
        if served.listing.is_closed:
            raise NotServed(model_name(number))
        if served.seat.speaks is not speaks:
            path = "/v1/chat/completions" if served.seat.speaks else "/v1/predict"
            raise InputRefused(f"{model_name(number)}: answers at {path}")
        return served


def _price_wei(talk: Talk, tokens: int, text: str) -> int:
    """Return what an answer costs: all that was asked for where the payment fixes that, else what was said."""
    if talk.ticket.means == "x402":
        return charge_wei(talk.price_wei, talk.most_tokens)
    return said_wei(talk.price_wei, tokens, len(text.encode()), talk.served.lineage.thousand_bytes)


def _ending(talk: Talk, is_whole: bool) -> str:
    """Return what the gateway itself writes after what the model said: the sources, or that it does not know."""
    if not talk.is_known:
        return UNKNOWN
    return talk.grounded.sources if talk.grounded is not None and is_whole else ""


@contextmanager
def cancelled(ticket: Ticket) -> Iterator[None]:
    """Cancel a ticket where a block fails."""
    try:
        yield
    except BaseException:
        ticket.cancel()
        raise


def completion(talk: Talk, text: str, tokens: tuple[int, int], bill: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as OpenAI's clients read it; citations and what was charged stand beside it.

    `tokens` are those read, 0 where the engine does not tell, and those said, which are charged.
    """
    read, said = tokens
    reason = "length" if said >= talk.most_tokens else "stop"
    message = {"role": "assistant", "content": text}
    found: dict[str, Any] = {
        "id": talk.name,
        "object": "chat.completion",
        "created": talk.created,
        "model": model_name(talk.chat.model),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said},
        "fl_alliance": dict(bill),
    }
    if talk.grounded is not None:
        found["citations"] = talk.grounded.citations()
    return found


def _bill(ticket: Ticket, charged_wei: int) -> dict[str, str]:
    charged = 0 if ticket.means in ("free", "open") else charged_wei
    return {"paid_by": ticket.means, "charged_wei": str(charged)}


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
