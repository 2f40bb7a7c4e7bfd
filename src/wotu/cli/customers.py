"""``wotu customer``: one customer's profile and timeline."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, text, write_json, write_table

if TYPE_CHECKING:
    from wotu.workspace.profiles import CustomerProfile


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    customer = add_verb(verbs, "customer", _customer, "One customer's profile and timeline.")
    customer.add_argument("identifier", metavar="IDENTIFIER", help="c42, type:value or a bare value")
    customer.add_argument("--limit", type=int, default=20, metavar="N", help="how many events to show (default 20)")


def _customer(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    profile = workspace.customer(options.identifier)
    timeline = workspace.timeline_of(profile.customer_id, limit=options.limit)
    if wants_json(options):
        write_json(asdict(profile) | {"timeline": [asdict(event) for event in timeline.rows]})
        return
    _profile(profile)
    rows = [(event.time, event.event, _properties(event.properties)) for event in timeline.rows]
    write_table(f"Timeline ({profile.events:,} events)", ["when", "event", "properties"], rows, left=3)


def _profile(profile: CustomerProfile) -> None:
    out = console()
    out.print(f"[bold]{profile.name or profile.customer_id}[/] {profile.customer_id}")
    for identifier in profile.identifiers:
        out.print(f"  {identifier.type}: {identifier.value}", markup=False)
    facts: list[tuple[str, object]] = [
        ("first seen", profile.first_seen), ("last seen", profile.last_seen), ("orders", profile.orders),
        ("net revenue", profile.revenue), *profile.traits.items(),
    ]  # fmt: skip
    if profile.rfm is not None:
        facts.append(("segment", f"{profile.rfm.segment} (R {profile.rfm.r} · F {profile.rfm.f} · M {profile.rfm.m})"))
    write_table("Facts", ["fact", "value"], facts, left=2)


def _properties(properties: dict[str, Any]) -> str:
    return ", ".join(f"{name}={text(value)}" for name, value in properties.items())
