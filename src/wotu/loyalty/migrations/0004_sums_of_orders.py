"""What is left of a paid order, and what a coupon cost, stand in columns: badges and effects add them up."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import migrations, models

_AT_ONCE = 500


def fill(apps: Any, _editor: Any) -> None:
    order, coupon = apps.get_model("loyalty", "Order"), apps.get_model("loyalty", "Coupon")
    batch = []
    for row in order.objects.filter(state="paid").prefetch_related("returns").iterator(chunk_size=_AT_ONCE):
        refunds = [each.refund for each in row.returns.all()]
        lines = {line["line_id"]: line for line in row.quote["lines"]}
        parts = [part for each in refunds for part in each["lines"] if part["line_id"] in lines]
        back = Counter[str]()
        for part in parts:
            back[part["line_id"]] += part["quantity"]
        row.currency = row.quote["cart"].get("currency", "CNY")
        paid = sum(line["payable"] for line in lines.values()) + row.quote["shipping"]
        given = sum(part.get("amount", 0) for each in refunds for part in each["lines"])
        row.net = paid - given - sum(each.get("shipping", 0) for each in refunds)
        row.pieces = sum(line["quantity"] for line in lines.values()) - back.total()
        _costs(coupon, row.order_id, row.quote, lines, back)
        batch.append(row)
        if len(batch) == _AT_ONCE:
            order.objects.bulk_update(batch, ["currency", "net", "pieces"])
            batch = []
    order.objects.bulk_update(batch, ["currency", "net", "pieces"])


def _costs(coupon: Any, order_id: str, quote: Any, lines: Any, back: Counter[str]) -> None:
    # Stored without what has its default.
    for use in quote.get("used", ()):
        if not use["rule_id"].startswith("coupon:"):
            continue
        cost = use.get("amount", 0) + use.get("shipping", 0)
        for line_id, line in lines.items():
            for taken in line.get("discounts", ()):
                if taken["rule_id"] == use["rule_id"] and taken.get("points") is None:
                    cost -= taken["amount"] * back[line_id] // line["quantity"]
        number = int(use["rule_id"].removeprefix("coupon:"))
        coupon.objects.filter(pk=number, state="redeemed", order_id=order_id).update(cost=cost)


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0003_codes_are_taken_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='coupon',
            name='cost',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='currency',
            field=models.CharField(default='', max_length=3),
        ),
        migrations.AddField(
            model_name='order',
            name='net',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='order',
            name='pieces',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
