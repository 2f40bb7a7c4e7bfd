"""The shop's pages as HTML: no script, no style in the page, everything of others escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urlencode

from wotu.shop.words import LANGUAGES, NEARLY, PRODUCTS, SIGNS, reason, word

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Basket:
    """What the customer chose: how many of each product, a code, and ids of coupons."""

    customer: str
    quantities: Mapping[str, int]
    code: str = ""
    coupons: tuple[int, ...] = ()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """As the API takes them; a line is named like its product."""
        return [
            {"line_id": each.product_id, "product_id": each.product_id, "quantity": count, "unit_price": each.price}
            for each in PRODUCTS
            if (count := self.quantities.get(each.product_id, 0)) > 0
        ]

    @property
    def picks(self) -> list[str | int]:
        return [*([self.code] if self.code else []), *self.coupons]

    def query(self, language: str) -> str:
        """The basket as a query of the shop's first page."""
        chosen = [(name, count) for name, count in self.quantities.items() if count]
        own = [("coupon", number) for number in self.coupons]
        return urlencode([("who", self.customer), ("code", self.code), ("lang", language), *chosen, *own])


def front(basket: Basket, quote: Json | None, own: Sequence[Json], wrong: str, language: str, order_id: str) -> str:
    """Goods, coupons, and what the basket costs. ``order_id`` is that of the order, should it be paid."""
    says = {key: escape(word(key, language)) for key in ("who", "whom", "code", "own", "price", "buy", "empty", "play")}
    body = [
        '<form method="get" action="/">', _hidden("lang", language),
        _field("who", says["who"], basket.customer, f'title="{says["whom"]}" required'),
        '<ul class="goods">', *(_product(each, basket, quote, language) for each in PRODUCTS), "</ul>",
        _field("code", says["code"], basket.code, 'autocomplete="off" maxlength="64"'),
        *_own(own, basket, says["own"]),
        f'<button class="second">{says["price"]}</button>',
    ]  # fmt: skip
    if wrong:
        body.append(f'<p class="wrong" role="alert">{escape(word("wrong", language))} {escape(wrong)}</p>')
    if quote is None:
        body += [f'<p class="hint">{says["empty"]}</p>', "</form>"]
    else:
        pay = f'<button formmethod="post" formaction="/orders/{escape(order_id)}">{says["buy"]}</button>'
        body += [*_sum(quote, language), _hidden("seen", str(quote["payable"])), pay, "</form>"]
    return _page(word("shop", language), [*body, f'<p class="hint">{says["play"]}</p>'], language, basket)


def order_page(order: Json, basket: Basket, link: str, wrong: str, language: str, refund_id: str) -> str:
    """An order, its lines to be returned piece by piece, and the way to the customer's own page."""
    quote, order_id, body = order["quote"] or {}, escape(str(order["order_id"])), list[str]()
    gone = _returned(order)
    currency = str(quote.get("currency", ""))
    if wrong:
        body.append(f'<p class="wrong" role="alert">{escape(word("wrong", language))} {escape(wrong)}</p>')
    body.append(f'<p class="state">{escape(word(order["state"], language))}</p><ul class="goods">')
    for line in quote.get("lines", ()):
        left = line["quantity"] - gone.get(line["line_id"], 0)
        name = escape(_name(line["line_id"], language))
        act = ""
        if order["state"] == "paid" and left > 0:
            hidden = _hidden("line", line["line_id"]) + _hidden("refund", refund_id) + _hidden("lang", language)
            hidden += _hidden("who", basket.customer)
            label = f"{escape(word('return', language))}<span class='unseen'> {name}</span>"
            button = f'{hidden}<button class="second">{label}</button>'
            act = f'<form method="post" action="/orders/{order_id}/returns">{button}</form>'
        count = f"{left} {escape(word('pieces', language))}"
        body.append(f"<li><b>{name}</b><span>{count} · {money(line['payable'], currency)}</span>{act}</li>")
    body.append("</ul>")
    if quote:
        body += _sum(quote, language, paid=order["state"] == "paid")
    for back in order["returns"]:
        points = f" + {back['points']} {escape(word('points', language))}" if back["points"] else ""
        told = f"{escape(word('returned', language))}: {money(back['amount'], currency)}{points}"
        body.append(f'<p class="back">{told}</p>')
    ways = [(f"/?{Basket(basket.customer, {}).query(language)}", word("again", language))]
    ways += [(link, word("page", language))] if link else []
    body.append("<p>" + " · ".join(f'<a href="{escape(way)}">{escape(text)}</a>' for way, text in ways) + "</p>")
    return _page(f"{word('order', language)} {order['order_id']}", body, language, basket, switch=False)


def message_page(text: str, language: str) -> str:
    """A page that only says something."""
    back = f'<p><a href="/?lang={language}">{escape(word("again", language))}</a></p>'
    return _page(word("shop", language), [f'<p role="alert">{escape(text)}</p>', back], language, Basket("", {}))


def money(amount: str, currency: str) -> str:
    """An amount with the sign of its currency."""
    sign = SIGNS.get(currency)
    return escape(f"{sign}{amount}" if sign else f"{amount} {currency}".strip())


def _product(product: Any, basket: Basket, quote: Json | None, language: str) -> str:
    name = escape(product.names[language])
    count = basket.quantities.get(product.product_id, 0)
    price = money(product.price, str(quote["currency"]) if quote else "")
    field = f'<input type="number" inputmode="numeric" min="0" max="99" name="{product.product_id}" value="{count}"'
    return f'<li><b>{name}</b><span>{price}</span>{field} aria-label="{name}"></li>'


def _own(own: Sequence[Json], basket: Basket, title: str) -> list[str]:
    usable = [each for each in own if each["state"] in ("issued", "held")]
    if not usable:
        return []
    boxes = [
        f'<label class="pick"><input type="checkbox" name="coupon" value="{each["id"]}"'
        f"{' checked' if each['id'] in basket.coupons else ''}> {escape(str(each['name']))}</label>"
        for each in usable
    ]
    return [f"<fieldset><legend>{title}</legend>", *boxes, "</fieldset>"]


def _sum(quote: Json, language: str, *, paid: bool = False) -> list[str]:
    currency, rows = str(quote["currency"]), {"listed": "listed", "discount": "discount", "payable": "payable"}
    if paid:
        rows["payable"] = "paid"
    told = [
        f"<div><dt>{escape(word(label, language))}</dt><dd>{'−' if name == 'discount' and Decimal(quote[name]) else ''}"
        f"{money(quote[name], currency)}</dd></div>"
        for name, label in rows.items()
    ]
    gifts = [
        f'<p class="back">{escape(word("gift", language))}: {escape(gift["product_id"])} × {gift["quantity"]}</p>'
        for gift in quote["gifts"]
    ]
    refused = [
        f'<p class="wrong">{escape(each["code"] or "")} {escape(reason(each["reason"], each["missing"], language))}</p>'
        for each in quote["refused"]
    ]
    nearly = [
        f'<p class="back">{escape(each["name"])}: {escape(word(each["reason"], language))}'
        f"{escape(' ' + word('missing', language).format(each['missing'])) if each['missing'] else ''}</p>"
        for each in quote["promotions"] if each["reason"] in NEARLY
    ]  # fmt: skip
    return ['<dl class="sum">', *told, "</dl>", *gifts, *refused, *nearly]


def _returned(order: Json) -> dict[str, int]:
    gone: dict[str, int] = {}
    for back in order["returns"]:
        for line in back["lines"]:
            gone[line["line_id"]] = gone.get(line["line_id"], 0) + line["quantity"]
    return gone


def _name(product_id: str, language: str) -> str:
    return next((each.names[language] for each in PRODUCTS if each.product_id == product_id), product_id)


def _field(name: str, label: str, value: str, more: str) -> str:
    return f'<label>{label}<input name="{name}" value="{escape(value)}" {more}></label>'


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _page(title: str, body: Sequence[str], language: str, basket: Basket, *, switch: bool = True) -> str:
    others = "" if not switch else " ".join(
        f'<a href="/?{escape(basket.query(code))}" lang="{code}">{name}</a>'
        for code, name in LANGUAGES.items() if code != language
    )  # fmt: skip
    return "\n".join(
        [
            f'<!doctype html><html lang="{"zh-Hans" if language == "zh" else "en"}"><head><meta charset="utf-8">',
            f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>',
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="/shop.css"></head><body><main>',
            f"<header><h1>{escape(title)}</h1><nav>{others}</nav></header>",
            *body,
            "</main></body></html>",
        ]
    )
