"""The shop as a small server: pages in front of the client of the API."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from wotu.shop.client import Client, Refused
from wotu.shop.pages import Basket, front, message_page, order_page
from wotu.shop.words import LANGUAGES, PRODUCTS, word

_ORDER = re.compile(r"/orders/(shop-[0-9a-f]{12})")
_RETURNS = re.compile(r"/orders/(shop-[0-9a-f]{12})/returns")
_LONGEST_BODY = 20_000
_LONGEST_AMOUNT = 24
_MOST_PIECES = 99
_STYLE = Path(__file__).with_name("shop.css").read_bytes()
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Fields = dict[str, list[str]]


class Shop(ThreadingHTTPServer):
    """The shop of one Wotu server."""

    daemon_threads = True

    def __init__(self, client: Client, host: str, port: int) -> None:
        super().__init__((host, port), _Visit)
        self.client = client


class _Visit(BaseHTTPRequestHandler):
    server: Shop
    timeout = 30

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        fields = parse_qs(at.query)
        if at.path == "/":
            self._front(fields)
        elif at.path == "/shop.css":
            self._answer(_STYLE, "text/css")
        elif found := _ORDER.fullmatch(at.path):
            self._order(found[1], fields)
        else:
            self._say(word("not_known", _language(fields, self)), fields, HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        fields = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        path = urlsplit(self.path).path
        if found := _ORDER.fullmatch(path):
            self._buy(found[1], fields)
        elif found := _RETURNS.fullmatch(path):
            self._give_back(found[1], fields)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is written: the addresses name customers and coupon codes."""

    def _front(self, fields: Fields, wrong: str = "") -> None:
        basket, quoted, own = _basket(fields), None, []
        try:
            own = self.server.client.coupons(basket.customer)
            if basket.lines:
                quoted = self.server.client.quote(basket.customer, basket.lines, basket.picks)
        except Refused as error:
            wrong = wrong or error.message
        status = HTTPStatus.CONFLICT if wrong else HTTPStatus.OK
        order_id = f"shop-{secrets.token_hex(6)}"
        self._html(front(basket, quoted, own, wrong, _language(fields, self), order_id), status)

    def _buy(self, order_id: str, fields: Fields) -> None:
        """Hold the price, then take the money; sent twice, it is one order."""
        basket = _basket(fields)
        try:
            seen = _one(fields, "seen")[:_LONGEST_AMOUNT]
            self.server.client.hold(order_id, basket.customer, basket.lines, basket.picks, seen)
            self.server.client.pay(order_id)
        except Refused as error:
            self._front(fields, error.message)
            return
        self._go(f"/orders/{order_id}", fields)

    def _give_back(self, order_id: str, fields: Fields) -> None:
        try:
            self.server.client.give_back(order_id, _one(fields, "refund")[:40], _one(fields, "line"))
        except Refused as error:
            self._order(order_id, fields, error.message)
            return
        self._go(f"/orders/{order_id}", fields)

    def _order(self, order_id: str, fields: Fields, wrong: str = "") -> None:
        basket, client = _basket(fields), self.server.client
        try:
            order = client.order(order_id)
        except Refused as error:
            self._say(error.message, fields, HTTPStatus.NOT_FOUND)
            return
        try:
            link = client.member_link(str(order["customer"]))
        except Refused:
            link = ""
        page = order_page(order, basket, link, wrong, _language(fields, self), f"r-{secrets.token_hex(6)}")
        self._html(page, HTTPStatus.CONFLICT if wrong else HTTPStatus.OK)

    def _say(self, text: str, fields: Fields, status: HTTPStatus) -> None:
        self._html(message_page(text, _language(fields, self)), status)

    def _go(self, path: str, fields: Fields) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        who = quote(_basket(fields).customer, safe="")
        self.send_header("Location", f"{path}?lang={_language(fields, self)}&who={who}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _html(self, page: str, status: HTTPStatus) -> None:
        self._answer(page.encode(), "text/html; charset=utf-8", status)

    def _answer(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _basket(fields: Fields) -> Basket:
    quantities = {each.product_id: _count(_one(fields, each.product_id)) for each in PRODUCTS}
    coupons = tuple(int(text) for text in fields.get("coupon", ())[:20] if text.isdecimal() and len(text) < 19)
    return Basket(_one(fields, "who")[:200] or "user_id:1", quantities, _one(fields, "code").strip()[:64], coupons)


def _count(text: str) -> int:
    return min(int(text), _MOST_PIECES) if text.isdecimal() and len(text) < 10 else 0


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[0]


def _language(fields: Fields, visit: BaseHTTPRequestHandler) -> str:
    chosen = _one(fields, "lang")
    if chosen in LANGUAGES:
        return chosen
    return "zh" if visit.headers.get("Accept-Language", "").lower().startswith("zh") else "en"
