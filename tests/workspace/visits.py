"""A small workspace of visits: twelve customers who look, choose and buy in ways that differ, over six weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import wotu

_SETTINGS = 'timezone = "Asia/Shanghai"\ncurrency = "CNY"\nquestions_until = "data"\n'
START = datetime(2026, 1, 5, 1, tzinfo=UTC)
CHANNELS = ("微信", "抖音", "call 13900000002")
WAYS = (
    ("Page: /", "Product Viewed", "Product Added", "Order Completed"),
    ("Product Viewed", "Product Viewed", "Page: /", "Product Viewed"),
    ("Page: /", "Product Viewed", "Product Added", "Product Viewed"),
    ("Message Received", "Product Viewed", "Order Completed", "Product Reviewed"),
)


def make(folder: Path) -> Any:
    """The workspace in ``folder``, filled."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wotu.toml").write_text(_SETTINGS, "utf-8")
    space = wotu.open(str(folder))
    space.collect(_messages())
    return space


def _messages() -> list[dict[str, Any]]:
    found = []
    for customer in range(12):
        for visit in range(1 + customer % 4):
            begin = START + timedelta(days=customer + 7 * visit + customer % 3 * visit, minutes=customer)
            for place, event in enumerate(WAYS[(customer + visit) % len(WAYS)]):
                found.append(_message(customer, visit, place, event, begin + timedelta(minutes=3 * place)))
    return found


def _message(customer: int, visit: int, place: int, event: str, when: datetime) -> dict[str, Any]:
    properties: dict[str, Any] = {"channel": CHANNELS[customer % 3], "product_id": f"p{visit}"}
    if event == "Order Completed":
        properties |= {"order_id": f"o{customer}-{visit}", "revenue": f"{10 + customer}.50"}
    return {
        "type": "track",
        "event": event,
        "messageId": f"m{customer}-{visit}-{place}",
        "userId": f"u{customer}",
        "timestamp": when.isoformat(),
        "properties": properties,
    }
