"""Calls of the public API, with the key of the shop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

Json = dict[str, Any]
_SECONDS = 30


class Refused(Exception):
    """The API said no; ``message`` says why, in English, ``code`` for programs."""

    def __init__(self, message: str, code: str = "unreachable") -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(frozen=True)
class Client:
    """What a shop asks of Wotu. ``address`` is that of the server, amounts are decimal text."""

    address: str
    key: str

    def quote(self, customer: str, lines: list[Json], picks: list[str | int]) -> Json:
        """What the cart costs."""
        return self._call("POST", "checkout/quote", {"customer": customer, "lines": lines, "picks": picks})

    def hold(self, order_id: str, customer: str, lines: list[Json], picks: list[str | int], seen: str) -> Json:
        """Keep the price that the customer has ``seen``, its coupons, points and promotions for the order."""
        asked = {"order_id": order_id, "customer": customer, "lines": lines, "picks": picks, "payable": seen or None}
        return self._call("POST", "checkout/hold", asked, once=f"hold-{order_id}")

    def pay(self, order_id: str) -> Json:
        """The money is here."""
        return self._call("POST", "checkout/pay", {"order_id": order_id}, once=f"pay-{order_id}")

    def give_back(self, order_id: str, refund_id: str, line_id: str) -> Json:
        """One piece of a line comes back."""
        lines = [{"line_id": line_id, "quantity": 1}]
        return self._call("POST", "checkout/return", {"order_id": order_id, "refund_id": refund_id, "lines": lines})

    def order(self, order_id: str) -> Json:
        """An order with its price and returns."""
        return self._call("GET", f"checkout/orders/{quote(order_id, safe='')}")

    def coupons(self, customer: str) -> list[Json]:
        """The customer's own coupons."""
        found: list[Json] = self._call("GET", f"coupons?customer={quote(customer, safe='')}&limit=20")["items"]
        return found

    def member_link(self, customer: str) -> str:
        """The address of the customer's own page."""
        return str(self._call("POST", f"customers/{quote(customer, safe='')}/member-link", {"days": 1})["url"])

    def _call(self, method: str, path: str, body: Json | None = None, *, once: str = "") -> Json:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if once:
            headers["Idempotency-Key"] = once
        content = None if body is None else json.dumps(body).encode()
        asked = Request(f"{self.address}/api/v1/{path}", content, headers, method=method)  # noqa: S310 - our own server
        try:
            with urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                raise _refused(error.read()) from None
        except (URLError, TimeoutError) as error:
            raise Refused(str(error)) from None


def _refused(content: bytes) -> Refused:
    try:
        told = json.loads(content)["error"]
        return Refused(str(told["message"]), str(told["code"]))
    except (ValueError, KeyError, TypeError):
        return Refused(content[:200].decode(errors="replace"))
