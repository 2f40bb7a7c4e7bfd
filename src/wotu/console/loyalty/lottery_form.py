"""The form of a lottery: what it holds of a draft that is there, and the draft that was typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wotu.console.loyalty.typed import TypedFields
from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros, to_micros
from wotu.loyalty.lottery import words
from wotu.loyalty.lottery.chances import ORDER, RECHARGE, SHARE, VISIT, ChanceRule
from wotu.loyalty.lottery.choices import Look, PrizeKind
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft
from wotu.loyalty.lottery.odds import fraction_of
from wotu.loyalty.lottery.releases import evenly, over_days
from wotu.loyalty.validity import FIRST_DAY, LAST_DAY, edited_end, edited_start, first_day_of, last_day_of

PRIZES = range(1, 9)
RELEASES = ("start", "evenly", "days")
_OF_A_PRIZE = ("zh", "en", "kind", "odds", "pieces", "value", "points", "template")
_ORDERS = ("order_chances", "order_at_least", "order_paid_with", "order_per_day")
NAMES = (
    "name_zh", "name_en", "code", "look", "starts", "ends", "claim", "sponsor", "contact", "terms_zh", "terms_en",
    "release", "release_days", "most_wins", "most_chances", "visit_chances", *_ORDERS, "coupon_chances", "coupon_kind",
    "recharge_chances", "recharge_at_least",
    "share_chances", *(f"{name}_{place}" for place in PRIZES for name in _OF_A_PRIZE),
)  # fmt: skip
_TEXTS = {"name_zh": 80, "name_en": 80, "sponsor": 120, "contact": 120, "terms_zh": 4_000, "terms_en": 4_000}
_MOST_PIECES, _MOST_DAYS = 200_000, 100
_COUPON = "coupon"
"""The id of the rule that gives chances for orders paid with a coupon."""

Typed = dict[str, str]


def blank(**filled: str) -> Typed:
    """A form with nothing but what the preset fills in."""
    return dict.fromkeys(NAMES, "") | {"release": "evenly", "look": "wheel"} | filled


def posted(given: Mapping[str, str]) -> Typed:
    """What was typed, word for word."""
    return {name: given.get(name, "")[:4_100] for name in NAMES}


def typed_of(code: str, draft: LotteryDraft, currency: str, zone: ZoneInfo) -> Typed:
    """The form of a draft that is there."""
    ends, claim = _micros(draft.ends_at), _micros(draft.claim_until)
    told: dict[str, object] = {
        "code": code, "starts": first_day_of(_micros(draft.starts_at), zone), "ends": last_day_of(ends, zone),
        "claim": last_day_of(claim, zone),
        **_release_of(draft, zone),
        **{name: getattr(draft, name) for name in ("name_zh", "name_en", "look", "sponsor", "contact", "terms_zh",
                                                   "terms_en", "most_wins", "most_chances")},
    }  # fmt: skip
    for rule in draft.chances:
        if rule.rule_id == _COUPON:
            told |= {"coupon_chances": rule.chances, "coupon_kind": rule.template}
            continue
        told[f"{rule.by}_chances"] = rule.chances
        if rule.by in (ORDER, RECHARGE) and rule.at_least:
            told[f"{rule.by}_at_least"] = decimal_text(rule.at_least, currency)
        if rule.by == ORDER:
            told |= {"order_paid_with": rule.paid_with, "order_per_day": rule.most_per_day}
    for place, prize in enumerate(draft.prizes, 1):
        told |= {
            f"zh_{place}": prize.name_zh, f"en_{place}": prize.name_en, f"kind_{place}": prize.kind,
            f"odds_{place}": words.plain_odds(prize.odds), f"pieces_{place}": prize.pieces or "",
            f"value_{place}": None if prize.value is None else decimal_text(prize.value, currency),
            f"points_{place}": prize.points, f"template_{place}": prize.template,
        }  # fmt: skip
    return blank(**{name: "" if value is None else str(value) for name, value in told.items()})


def can_be_typed(draft: LotteryDraft, zone: ZoneInfo) -> bool:
    """Whether the form has room for all of a draft; what a program wrote may have more."""
    ids = [rule.rule_id for rule in draft.chances]
    plain = all(_plain(rule) for rule in draft.chances) and len(set(ids)) == len(ids)
    return plain and bool(_release_of(draft, zone)) and len(draft.prizes) <= len(PRIZES)


def _plain(rule: ChanceRule) -> bool:
    if rule.rule_id == _COUPON:
        wanted = ChanceRule(rule_id=_COUPON, by="order", chances=rule.chances, template=rule.template)
        return rule.template is not None and rule == wanted
    per_day = rule.by == ORDER or (rule.most_per_day is None) == (rule.by != SHARE)
    return rule.rule_id == rule.by and rule.template is None and rule.most is None and per_day


def _release_of(draft: LotteryDraft, zone: ZoneInfo) -> dict[str, str]:
    """The fields that say when tickets are released; nothing where the form cannot say it."""
    real = [each for each in draft.prizes if each.kind != PrizeKind.THANKS]
    if not any(each.windows for each in real):
        return {"release": "start"}
    if all(each.windows == evenly(each.pieces, draft.starts_at, draft.ends_at) for each in real):
        return {"release": "evenly"}
    days = [day for each in real[0].windows if (day := first_day_of(each.starts, zone)) is not None]
    starts, ends = draft.starts_at, draft.ends_at
    if days and len(set(days)) == len(days) and all(
        each.pieces >= len(days) and each.windows == over_days(each.pieces, days, zone, starts=starts, ends=ends)
        for each in real
    ):  # fmt: skip
        everyday = days == _all_days(starts, ends, zone)
        return {"release": "days", "release_days": "" if everyday else ", ".join(day.isoformat() for day in days)}
    return {}


def _all_days(starts: datetime, ends: datetime, zone: ZoneInfo) -> list[date]:
    first, last = first_day_of(to_micros(starts), zone), last_day_of(to_micros(ends), zone)
    assert first is not None, "a lottery begins"
    assert last is not None, "a lottery ends"
    return [first + timedelta(days=each) for each in range(min((last - first).days + 1, _MOST_DAYS + 1))]


def draft_of(
    typed: Typed, currency: str, zone: ZoneInfo, *, was: LotteryDraft | None = None
) -> tuple[LotteryDraft | None, dict[str, str]]:
    """The draft, or what is wrong with the fields. A day that stays keeps its very moment."""
    form = TypedFields(typed)
    starts, ends, claim = _days(form)
    texts = {name: form.text(name, most=most, needed=False) for name, most in _TEXTS.items()}
    if not (texts["name_zh"] or texts["name_en"]):
        form.refuse("name_zh", _("Write 1 to %(most)s characters.") % {"most": 80})
    look, release = form.choice("look", tuple(Look.values)), form.choice("release", RELEASES)
    most_wins, most_chances = (form.whole(name, most=1_000_000) for name in ("most_wins", "most_chances"))
    prizes, chances = _prizes(form, currency), _chances(form, currency)
    if form.errors or starts is None or ends is None:
        return None, form.errors
    first = _instant(edited_start(_micros(was.starts_at) if was else None, starts, zone))
    last = _instant(edited_end(_micros(was.ends_at) if was else None, ends, zone))
    claims = None if claim is None else _instant(edited_end(_micros(was.claim_until if was else None), claim, zone))
    assert first is not None, "a day was typed"
    assert last is not None, "a day was typed"
    spread = _released(form, release, prizes, first, last, zone)
    if form.errors:
        return None, form.errors
    return LotteryDraft(
        starts_at=first, ends_at=last, claim_until=claims, prizes=spread, chances=chances, look=look,
        most_wins=most_wins, most_chances=most_chances, name_zh=texts["name_zh"], name_en=texts["name_en"],
        sponsor=texts["sponsor"], contact=texts["contact"], terms_zh=texts["terms_zh"], terms_en=texts["terms_en"],
    ), {}  # fmt: skip


def _days(form: TypedFields) -> tuple[date | None, date | None, date | None]:
    starts, ends, claim = (_day(form, name, needed=name != "claim") for name in ("starts", "ends", "claim"))
    if starts and ends and ends < starts:
        form.refuse("ends", _("The last day must not be before the first."))
    if claim and ends and claim < ends:
        form.refuse("claim", _("Prizes can be claimed until the end at least."))
    return starts, ends, claim


def _prizes(form: TypedFields, currency: str) -> list[PrizeDraft]:
    prizes = [each for place in PRIZES if (each := _prize(form, place, currency)) is not None]
    if not any(each.kind != PrizeKind.THANKS for each in prizes):
        form.refuse("zh_1", _("Name at least one prize."))
    elif sum(each.odds for each in prizes) > 1:
        form.refuse("odds_1", _("All odds together may be 100% at most."))
    return prizes


def _prize(form: TypedFields, place: int, currency: str) -> PrizeDraft | None:
    """The prize of a row; ``None`` where the row is empty."""
    if not any(form.typed[f"{name}_{place}"] for name in ("zh", "en", "odds", "pieces")):
        return None
    zh, en = (form.text(f"{name}_{place}", most=80, needed=False) for name in ("zh", "en"))
    if not (zh or en):
        form.refuse(f"zh_{place}", _("Write 1 to %(most)s characters.") % {"most": 80})
    kind = form.choice(f"kind_{place}", tuple(PrizeKind.values))
    thanks = kind == PrizeKind.THANKS
    pieces = None if thanks else form.whole(f"pieces_{place}", most=_MOST_PIECES)
    if pieces is None and not thanks:
        form.refuse(f"pieces_{place}", _("Write how many there are."))
    return PrizeDraft(
        name_zh=zh or en, name_en=en or zh, kind=kind, odds=_odds(form, f"odds_{place}", zero=thanks),
        pieces=pieces or 0, value=None if thanks else form.money(f"value_{place}", currency, positive=True),
        points=_needed(form, f"points_{place}") if kind == PrizeKind.POINTS else None,
        template=_needed(form, f"template_{place}") if kind == PrizeKind.COUPON else None,
    )  # fmt: skip


def _odds(form: TypedFields, name: str, *, zero: bool) -> Fraction:
    try:
        found = fraction_of(form.typed[name])
    except WotuError:
        found = Fraction(-1)
    if found < 0 or (found == 0 and not zero):
        form.refuse(name, _("Write odds such as 2% or 1/50."))
    return max(found, Fraction(0))


def _needed(form: TypedFields, name: str) -> int | None:
    found = form.whole(name)
    if found is None:
        form.refuse(name, _("Choose the coupon.") if name.startswith("template") else _("Write how many points."))
    return found


def _chances(form: TypedFields, currency: str) -> tuple[ChanceRule, ...]:
    rules = []
    for by in (VISIT, ORDER, RECHARGE, SHARE):
        chances = form.whole(f"{by}_chances", most=1_000)
        at_least = form.money(f"{by}_at_least", currency) if by in (ORDER, RECHARGE) else None
        paid_with = form.text("order_paid_with", most=40, needed=False) if by == ORDER else ""
        per_day = form.whole("order_per_day", most=1_000) if by == ORDER else chances if by == SHARE else None
        if chances is not None:
            rules.append(
                ChanceRule(rule_id=by, by=by, chances=chances, at_least=at_least or 0, paid_with=paid_with,  # type: ignore[arg-type]
                           most_per_day=per_day)
            )  # fmt: skip
    chances, kind = form.whole("coupon_chances", most=1_000), form.whole("coupon_kind", most=2**62)
    if (chances is None) != (kind is None):
        form.refuse("coupon_kind" if kind is None else "coupon_chances",
                    _("Choose the coupon.") if kind is None else _("Write how many chances."))  # fmt: skip
    elif chances is not None:
        rules.append(ChanceRule(rule_id=_COUPON, by="order", chances=chances, template=kind))
    return tuple(rules)


def _released(
    form: TypedFields, release: str, prizes: list[PrizeDraft], starts: datetime, ends: datetime, zone: ZoneInfo
) -> tuple[PrizeDraft, ...]:  # fmt: skip
    """The prizes with their windows: all alike, as the law wants it."""
    if release == "start":
        return tuple(prizes)
    days = _release_days(form, starts, ends, zone) if release == "days" else []
    if any(each.pieces < len(days) for each in prizes if each.kind != PrizeKind.THANKS):
        form.refuse("release_days", _("Each prize needs a piece for each day; choose fewer days."))
    if form.errors:
        return ()
    return tuple(
        each if each.kind == PrizeKind.THANKS
        else replace(each, windows=over_days(each.pieces, days, zone, starts=starts, ends=ends) if days
                     else evenly(each.pieces, starts, ends))
        for each in prizes
    )  # fmt: skip


def _release_days(form: TypedFields, starts: datetime, ends: datetime, zone: ZoneInfo) -> list[date]:
    """The days that were typed, of those of the lottery; none typed: each of them."""
    every = _all_days(starts, ends, zone)
    try:
        typed = sorted({date.fromisoformat(each) for each in form.ids("release_days")})
    except ValueError:
        form.refuse("release_days", _("Write a date such as 2026-01-31."))
        return every
    if any(day < every[0] or ends <= datetime.combine(day, time(), zone) for day in typed):
        form.refuse("release_days", _("Choose days of the lottery."))
    days = typed or every
    if len(days) > _MOST_DAYS:
        form.refuse("release_days", _("Choose %(most)s days at most.") % {"most": _MOST_DAYS})
    return days


def _day(form: TypedFields, name: str, *, needed: bool) -> date | None:
    day = form.day(name)
    if (day is None and needed) or (day is not None and not FIRST_DAY <= day <= LAST_DAY):
        form.refuse(name, _("Write a date such as 2026-01-31."))
        return None
    return day


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros, ZoneInfo("UTC"))
