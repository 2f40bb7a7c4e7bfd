"""A small real workspace: 40 customers whose orders over two years are the same each time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import wotu

_SETTINGS = 'timezone = "Asia/Shanghai"\ncurrency = "CNY"\nquestions_until = "data"\nname = "小店"\n'


def make(folder: Path) -> Any:
    """The workspace in ``folder``, filled."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wotu.toml").write_text(_SETTINGS, "utf-8")
    space = wotu.open(str(folder))
    outcome = space.collect(_messages())
    assert outcome["accepted"] == len(_messages())
    return space


def _messages() -> list[dict[str, Any]]:
    draw = random.Random(11)
    messages = []
    for number in range(1, 41):
        start = datetime(2023, 1, 1, 3, tzinfo=UTC) + timedelta(days=draw.randint(0, 500))
        messages.append(
            {
                "type": "identify",
                "messageId": f"i{number}",
                "userId": f"u{number}",
                "timestamp": start.isoformat(),
                "traits": {
                    "name": f"客户{number}" if number % 2 else f"Customer {number}",
                    "city": f"城市{number % 5}",
                },
            }
        )
        for order in range(draw.randint(1, 18)):
            when = min(start + timedelta(days=order * draw.randint(3, 40)), datetime(2024, 12, 31, 9, tzinfo=UTC))
            messages.append(_order(number, order, when, draw))
    return messages


def _order(number: int, order: int, when: datetime, draw: random.Random) -> dict[str, Any]:
    price = draw.randint(500, 40_000) / 100
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"o{number}-{order}",
        "userId": f"u{number}",
        "timestamp": when.isoformat(),
        "properties": {
            "order_id": f"o{number}-{order}",
            "revenue": f"{price:.2f}",
            "products": [
                {"product_id": f"p{order % 4}", "name": "龙井茶", "category": "茶", "quantity": 1, "price": price}
            ],
        },
    }
