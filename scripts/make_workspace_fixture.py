"""Makes the workspace of a release, which later versions must open with the same answers.

Run it with the code of the release, once: ``python scripts/make_workspace_fixture.py 0.1`` writes
``tests/fixtures/workspace-0.1.tar.gz`` and, beside it, what the release answers (``answers-0.1.json``).
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.workspace import Workspace

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
CHINA = timezone(timedelta(hours=8))
DAYS = 60
# Made again from the lake; a release is told by what cannot be.
DERIVED = {"identity", "settled", "timelines", "cache", "run"}


def messages() -> Iterator[dict[str, Any]]:
    """Two months of a small shop: visits, orders, refunds, people who are told to be the same."""
    start = datetime(2025, 1, 1, 9, 30, tzinfo=CHINA)
    for day in range(DAYS):
        for visitor in range(day % 5 + 1):
            person = (day * 7 + visitor * 3) % 23
            at = (start + timedelta(days=day, minutes=17 * visitor)).isoformat()
            anonymous = {"type": "track", "event": "Product Viewed", "anonymousId": f"a{person}", "timestamp": at}
            yield anonymous | {"messageId": f"v{day}-{visitor}", "properties": {"product_id": f"p{person % 6}"}}
            if person % 3 == 0:
                yield order(day, person, at)
    for person in range(0, 23, 3):
        traits = {
            "phone": f"138000000{person:02d}",
            "city": ("上海", "北京", "成都")[person % 3],
            "name": f"客户{person}",
        }
        identify = {"type": "identify", "userId": f"u{person}", "anonymousId": f"a{person}", "traits": traits}
        yield identify | {"messageId": f"i{person}", "timestamp": start.isoformat()}


def order(day: int, person: int, at: str) -> dict[str, Any]:
    """One order; every seventh is given back, every eleventh is in another currency."""
    number = f"O{day}-{person}"
    held: dict[str, Any] = {"order_id": number, "revenue": f"{(person + 1) * 9 + day}.50", "channel": "微信"}
    held["products"] = [{"product_id": f"p{person % 6}", "quantity": 1 + day % 3, "price": "9.90", "category": "茶"}]
    if (day + person) % 11 == 0:
        held["currency"] = "USD"
    event = "Order Refunded" if (day + person) % 7 == 0 and day else "Order Completed"
    message = {"type": "track", "event": event, "userId": f"u{person}", "timestamp": at, "properties": held}
    return message | {"messageId": f"{event}-{number}"}


def answers(workspace: Workspace) -> dict[str, Any]:
    """What the workspace says of itself, with every date fixed."""
    span = {"since": "2025-01-01", "until": "2025-03-02"}
    measured = [
        workspace.events(["Product Viewed", "Order Completed"], unit="week", measure=measure, **span).to_dict()
        for measure in ("customers", "count")
    ]
    revenue = workspace.events("Order Completed", unit="month", measure="sum:revenue", by="channel", **span)
    growth = workspace.growth_accounting(unit="week", **span)
    rfm = workspace.rfm("2025-03-02")
    kept = ["recency_days", "frequency", "monetary", "r", "f", "m", "score", "segment"]
    people = sorted(json.dumps(row, default=str, sort_keys=True) for row in rfm.table.select(kept).to_pylist())
    found = workspace.customer("phone:13800000003")
    profile = {
        "identifiers": sorted(f"{one.type}:{one.value}" for one in found.identifiers),
        "orders": found.orders, "revenue": str(found.revenue), "events": found.events, "traits": found.traits,
    }  # fmt: skip
    told = [*measured, revenue.to_dict(), growth.to_dict(), rfm.to_dict()]
    return json.loads(json.dumps({"questions": told, "rfm": people, "customer": profile}, default=str))


def make(version: str) -> None:
    """Write the fixture of ``version``."""
    FIXTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "workspace")
        layout.prepare(Settings(name="沃土", timezone="Asia/Shanghai"))
        workspace = Workspace.open(layout.root)
        everything = list(messages())
        half = len(everything) // 2
        # Two settles, a repetition, and something for the quarantine.
        workspace.collect(everything[:half])
        workspace.collect([*everything[half - 5 :], {"type": "track", "event": "E", "userId": "u1", "timestamp": "?"}])
        told = answers(workspace)
        _pack(layout.root, FIXTURES / f"workspace-{version}.tar.gz")
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    (FIXTURES / f"answers-{version}.json").write_text(text + "\n", "utf-8")


def _pack(root: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz") as tar:
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root)
            if (
                path.is_file()
                and name.parts[0] not in DERIVED
                and path.suffix != ".lock"
                and "receipts" not in name.parts
            ):
                content = path.read_bytes()
                member = tarfile.TarInfo(name.as_posix())
                member.size, member.mode = len(content), 0o600
                tar.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    make(sys.argv[1])
