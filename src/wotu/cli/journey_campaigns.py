"""The campaigns of The Complete Journey: who got a booklet of coupons, who handed one in, and what it took off.

The data say which household handed in which coupon on which day, not in which basket. It is looked for among the
baskets of the day: a line of one of the coupon's products with a coupon's discount, else another such line that no
other coupon explains, else a basket with one of its products, else any. Without a discounted line its cost is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Redemption:
    """A coupon handed in: the basket, if one was found, and what it took off in cents, if that is known."""

    household: int
    day: date
    coupon: int
    basket: int | None = None
    cost: int | None = None


@dataclass
class JourneyCampaign:
    """A campaign, the households that were written to, and what they handed in."""

    number: int
    kind: str
    first_day: date
    last_day: date
    households: list[int] = field(default_factory=list)
    redemptions: list[Redemption] = field(default_factory=list)


@dataclass
class _Line:
    basket: int
    product: int
    discount: int


def read_campaigns(data: Path, households: pa.Array | None) -> list[JourneyCampaign]:
    """The campaigns, the first first; of some ``households`` only, if they are named."""
    found = {
        row["campaign_id"]: JourneyCampaign(
            row["campaign_id"], row["campaign_type"], row["start_date"].date(), row["end_date"].date()
        )
        for row in pq.read_table(data / "campaign_descriptions.parquet").to_pylist()
    }
    for row in _of(pq.read_table(data / "campaigns.parquet"), households).to_pylist():
        found[row["campaign_id"]].households.append(row["household_id"])
    redeemed = _of(pq.read_table(data / "coupon_redemptions.parquet"), households)
    for campaign, redemption in _redemptions(data, redeemed):
        found[campaign].redemptions.append(redemption)
    return sorted(found.values(), key=lambda each: (each.first_day, each.number))


def _redemptions(data: Path, redeemed: pa.Table) -> Iterator[tuple[int, Redemption]]:
    products = defaultdict[tuple[int, int], set[int]](set)
    for row in pq.read_table(data / "coupons.parquet").to_pylist():
        products[row["campaign_id"], row["coupon_upc"]].add(row["product_id"])
    lines = _lines(data, redeemed)
    of_day = defaultdict[tuple[int, date], list[tuple[int, int]]](list)
    for row in redeemed.to_pylist():
        of_day[row["household_id"], row["redemption_date"].date()].append((row["campaign_id"], row["coupon_upc"]))
    for (household, day), coupons in of_day.items():
        there = lines.get((household, day), [])
        for (campaign, coupon), line in zip(coupons, _explained(coupons, products, there), strict=True):
            basket, cost = (None, None) if line is None else (line.basket, line.discount or None)
            yield campaign, Redemption(household, day, coupon, basket, cost)


def _explained(
    coupons: Sequence[tuple[int, int]], products: dict[tuple[int, int], set[int]], lines: Sequence[_Line]
) -> list[_Line | None]:
    """For each coupon of a household's day the line it was for."""
    left = [line for line in lines if line.discount]
    found: list[_Line | None] = []
    for coupon in coupons:
        line = next((each for each in left if each.product in products[coupon]), None)
        if line is not None:
            left.remove(line)
        found.append(line)
    for place, coupon in enumerate(coupons):
        if found[place] is None and left:
            found[place] = left.pop(0)
        elif found[place] is None and lines:
            line = next((each for each in lines if each.product in products[coupon]), lines[0])
            found[place] = _Line(line.basket, line.product, 0)
    return found


def _lines(data: Path, redeemed: pa.Table) -> dict[tuple[int, date], list[_Line]]:
    """What the households bought on the days on which they handed something in."""
    table = pq.read_table(data / "transactions.parquet", columns=[
        "household_id", "basket_id", "product_id", "coupon_disc", "coupon_match_disc", "transaction_timestamp",
    ])  # fmt: skip
    table = table.append_column("day", pc.cast(table["transaction_timestamp"], pa.date32(), safe=False))
    days = redeemed.select(["household_id"]).append_column(
        "day", pc.cast(redeemed["redemption_date"], pa.date32(), safe=False)
    )
    found = defaultdict[tuple[int, date], list[_Line]](list)
    for row in table.join(days, ["household_id", "day"], join_type="left semi").to_pylist():
        discount = round((row["coupon_disc"] + row["coupon_match_disc"]) * 100)
        found[row["household_id"], row["day"]].append(_Line(row["basket_id"], row["product_id"], discount))
    for some in found.values():
        some.sort(key=lambda line: (line.basket, line.product, line.discount))
    return found


def _of(table: pa.Table, households: pa.Array | None) -> pa.Table:
    return table if households is None else table.filter(pc.is_in(table["household_id"], households))
