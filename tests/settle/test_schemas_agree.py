"""Collect and lake may not import each other, so that each states the shape of a product line: they must agree."""

from __future__ import annotations

from wotu.collect import message
from wotu.lake import schema


def test_product_lines_have_one_shape() -> None:
    assert message.PRODUCT == schema.PRODUCT
    assert message.INSTANT == schema.INSTANT
