"""Campaigns, coupons and orders for tests of addresses that need some to be there."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from tests.loyalty.clubs import RULES
from tests.loyalty.pictures import png

from wotu.ledger.rules import Cause
from wotu.ledger.services import grant
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.contests import services as ranking
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.lottery import chance_services, draw_services
from wotu.loyalty.lottery import draft_services as lottery_drafts
from wotu.loyalty.lottery import services as lottery_services
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft
from wotu.loyalty.membership import plan_services, reads, services
from wotu.loyalty.models import Campaign, Coupon, Plan, Programme
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line
from wotu.loyalty.programme import badge_services, mall_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.promotions.services import Terms, create_promotion
from wotu.loyalty.receipts import offer_services
from wotu.loyalty.receipts import services as sending
from wotu.loyalty.receipts.rules import CashBack, Window
from wotu.loyalty.samples import services as sampling
from wotu.loyalty.samples.rules import Following

RULE = {"effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 5_000}}
TERM = {"type": "days", "days": 7}


def campaign(code: str, state: str = "live", budget: int | None = 100_000) -> int:
    """A campaign of that code in that state."""
    now = timezone.now()
    made = campaign_services.create_campaign(code, code.title(), by="ann", now=now, budget=budget)
    if state != "draft":
        campaign_services.launch(made, by="ann", now=now)
    if state == "paused":
        campaign_services.pause(made)
    return made


def template(of: int, **caps: Any) -> int:
    """Ten off fifty."""
    return coupon_services.create_template(of, "Ten off", RULE, TERM, now=timezone.now(), **caps)


def promotion(of: int) -> int:
    """Five off a hundred, without a code."""
    rule = {"effect": {"type": "full_reduction", "steps": [[10_000, 500]]}}
    return create_promotion(of, Terms("Five off", rule), by="ann", now=timezone.now())


def shelf(space: Any, tag: str) -> dict[str, str]:
    """One of each, named with ``tag``: campaigns in every state, a template, a batch, a coupon, orders."""
    now, zone = timezone.now(), space.settings.zone
    paused, draft = campaign(f"paused-{tag}", "draft"), campaign(f"draft-{tag}", "draft")
    promotions = {"draft_promotion": str(promotion(draft)), "promotion": str(promotion(paused))}
    campaign_services.launch(paused, by="ann", now=now)
    campaign_services.pause(paused)
    kind = template(campaign(f"live-{tag}"), per_customer=9)
    batch = coupon_services.make_codes(kind, 1, name="Flyer", by="ann", now=now, zone=zone)
    ann = int(space.customer_id("ann").removeprefix("c"))
    coupon = coupon_services.issue(kind, ann, key="shelf", now=now, zone=zone).coupon
    cart = Cart(lines=(Line(line_id="1", product_id="tea", quantity=2, unit_price=3_000),), now=0)
    for order in (f"held-{tag}", f"paid-{tag}"):
        until = now + timedelta(minutes=15)
        order_services.hold(order, ann, cart, until=until, now=now, zone=zone)
    order_services.pay(f"paid-{tag}", now=now)
    things = members(ann, tag) | receipts(ann, tag) | lotteries(ann, tag) | samples(ann, tag) | contests(ann, tag)
    free = Coupon.objects.get(batch=batch).code or ""
    return {
        "tag": tag,
        "template": str(kind),
        "batch": str(batch),
        "coupon": str(coupon),
        "free": free,
        **promotions,
        **things,
    }


def members(customer: int, tag: str) -> dict[str, str]:
    """A plan of that name with a pool of one code, of which the customer is a member; a trial, and a club to join."""
    now = timezone.now()
    plan(f"plan-{tag}")
    if not Plan.objects.filter(code="trial").exists():
        plan("trial", trial_days=7)
    if not Programme.objects.filter(code="club").exists():
        programme_services.create_programme("Club", Rules(), zone="Asia/Shanghai", by="ann", now=now)
    pool = plan_services.create_pool(f"plan-{tag}", "Cinema", now=now)
    plan_services.add_codes(pool, ["A"])
    term = services.give(customer, f"plan-{tag}", key=f"shelf-{tag}", now=now)
    return {"pool": str(pool), "membership": str(term.membership), **club(customer, tag)}


def club(customer: int, tag: str) -> dict[str, str]:
    """A programme of that name with a badge and an item, which the customer took once and has points for again."""
    code, now = f"club-{tag}", timezone.now()
    programme_services.create_programme("Club", RULES, code=code, zone="Asia/Shanghai", by="ann", now=now)
    badge_services.create_badge("Regular", "orders", [1, 5], code="regular", programme_code=code)
    item = mall_services.create_item("Cup", 5, stock=9, now=now, code=code)
    grant(Cause(code, 1, "gift", "member", "shelf"), customer=customer, unit=f"points:{code}", amount=50, now=now)
    taken = mall_services.redeem_item(item, customer, key=tag, now=now, zone=ZoneInfo("Asia/Shanghai"))
    return {"item": str(item), "redemption": str(taken.redemption)}


def receipts(customer: int, tag: str) -> dict[str, str]:
    """An offer for receipts with one that waits and one that was paid."""
    now = timezone.now()
    today = reads.today(now)
    live = Campaign.objects.get(code=f"live-{tag}").pk
    window = Window(first_day=today - timedelta(days=1), last_day=today)
    made = offer_services.create_offer(live, "Tea", CashBack(rate=500), window, paid_in="money", by="ann", now=now)
    sent = [
        sending.send(
            made, customer, sending.Typed("Shop", today, f"{tag}-{turn}", 1_000), png(f"{tag}-{turn}"), now=now
        )
        for turn in range(2)
    ]
    sending.approve(sent[1].receipt, by="ann", now=now)
    found = {"offer": made, "receipt": sent[0].receipt, "paid_receipt": sent[1].receipt}
    return {name: str(value) for name, value in found.items()}


def lotteries(customer: int, tag: str) -> dict[str, str]:
    """A draft, one that runs, one that rests; the customer has chances in all that run, and a win."""
    now = timezone.now()
    for name in ("written", "wheel", "resting"):
        lottery(f"{name}-{tag}", now, launched=name != "written")
    lottery_services.pause(f"resting-{tag}")
    chance_services.give(f"wheel-{tag}", customer, key="shelf", count=5, now=now)
    win = draw_services.draw(f"wheel-{tag}", customer, key="shelf", now=now).win
    return {"win": str(win)}


def lottery(code: str, now: datetime, *, launched: bool = True) -> None:
    """Everybody wins a teapot."""
    teapot = PrizeDraft(name_zh="茶壶", name_en="Teapot", kind="goods", odds=Fraction(1), pieces=9, value=9_900)
    draft = LotteryDraft(
        name_zh="大转盘", name_en="Wheel", starts_at=now, ends_at=now + timedelta(days=9), prizes=(teapot,),
        claim_until=now + timedelta(days=30), sponsor="Shop", contact="400", terms_en="Come to the shop.",
    )  # fmt: skip
    lottery_drafts.write_draft(code, draft, currency="CNY", by="ann", now=now)
    if launched:
        lottery_services.launch(code, seed="0" * 32, by="ann", now=now)


def samples(customer: int, tag: str) -> dict[str, str]:
    """An offer of samples with a request that waits."""
    now, live = timezone.now(), Campaign.objects.get(code=f"live-{tag}").pk
    following = Following(remind_after=7, measure=30)
    made = sampling.create_offer(live, "Bag", "tea", 5, following, by="ann", now=now)
    return {"samples": str(made), "sample": str(sampling.ask(made, customer, now=now).request)}


def contests(customer: int, tag: str) -> dict[str, str]:
    """A contest that the customer has joined, and one to settle."""
    now, live = timezone.now(), Campaign.objects.get(code=f"live-{tag}").pk
    made = [
        ranking.create_contest(
            live, "March", "spent", [Prize(first=1, last=1, points=1)], starts_at=now - timedelta(days=1),
            ends_at=cut_off, cut_off=cut_off, by="ann", now=now,
        )
        for cut_off in (now + timedelta(days=1), now)
    ]  # fmt: skip
    ranking.join(made[0], customer, now=now)
    return {"contest": str(made[0]), "over": str(made[1])}


def plan(code: str, **given: Any) -> int:
    """A month for ten yuan."""
    values = {"product_id": code, "price": 1_000, "months": 1, "by": "ann", "now": timezone.now(), **given}
    return plan_services.create_plan("PLUS", code=code, **values)


def budget_of(code: str) -> tuple[int, int]:
    """What is used and held of a campaign's budget."""
    from wotu.ledger import limit_services

    room = limit_services.room(Campaign.objects.get(code=code).budget_account or 0)
    return room.used, room.held
