"""Forms of questions: what is filled in is exactly what the workspace is asked, and what an address brings back."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.console import real

from wotu.console.asking.definitions import definition_of
from wotu.console.asking.forms import arguments, asked_of, draft_of, read
from wotu.console.asking.questions import QUESTIONS
from wotu.core.errors import WotuError
from wotu.workspace.questions import Questions

NOW = datetime(2024, 12, 31, tzinfo=UTC)
FUNNEL = {"steps.1": "A", "steps.2": "B", "last": "all"}
STEPS = {"steps": ["A", "B"], "within": "7d"}
HABIT = {"trigger.1": "A", "action.1": "B", "reward.1": "C", "investment.1": "D", "last": "all"}
# question, what is filled in, and the arguments of the workspace's method that it has to become.
FILLED: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("events", {"events.1": "A", "events.2": "B", "formula": "A / B"}, {"events": ["A", "B"], "formula": "A / B"}),
    ("events", {"events.1": "A", "events.1.or.1": "B", "events.1.where": "x == 1"},
     {"events": [[{"event": "A", "where": "x == 1"}, {"event": "B", "where": "x == 1"}]]}),
    ("events", {"events.1": "A", "measure": "p99:revenue", "by": "channel", "top": "3", "timezone": "Asia/Tokyo"},
     {"events": ["A"], "measure": "p99:revenue", "by": "channel", "top": 3, "timezone": "Asia/Tokyo"}),
    ("funnel", FUNNEL | {"steps.2.within.n": "3", "steps.2.within.unit": "h", "steps.2.gap": "10m"},
     {"steps": ["A", {"event": "B", "within": "3h", "gap": "10m"}]}),
    ("funnel", {"steps.1": "A", "steps.2": "B", "steps.2.optional": "yes", "steps.3": "C", "steps.3.or.1": "D"},
     {"steps": ["A", {"event": "B", "optional": True}, ["C", "D"]]}),
    ("funnel", FUNNEL | {"exclude.1": "C"}, STEPS | {"exclude": ["C"]}),
    ("funnel", FUNNEL | {"exclude.1": "C", "exclude.1.or.1": "D", "exclude.1.after": "1", "exclude.1.before": "2",
                         "exclude.1.where": "x == 1"},
     STEPS | {"exclude": [{"event": ["C", "D"], "where": "x == 1", "after": 1, "before": 2}]}),
    ("funnel", FUNNEL | {"by": "channel", "by.at": "step:1"}, STEPS | {"by": "channel"}),
    ("funnel", FUNNEL | {"by": "channel", "by.at": "last_touch"},
     STEPS | {"by": {"property": "channel", "at": "last_touch"}}),
    ("funnel", FUNNEL | {"view": "times", "bins": "10m，1h, 1d"},
     STEPS | {"view": "times", "bins": ["10m", "1h", "1d"]}),
    ("funnel", FUNNEL | {"view": "times", "bins": "12"}, STEPS | {"view": "times", "bins": 12}),
    ("funnel", FUNNEL | {"order": "strict", "hold": "order_id", "count": "sessions"},
     STEPS | {"order": "strict", "hold": "order_id", "count": "sessions"}),
    ("separation", FUNNEL | {"order": "strict", "hold": "order_id", "exclude.1": "C", "least": "2", "top": "9"},
     STEPS | {"order": "strict", "hold": "order_id", "exclude": ["C"], "least": 2, "top": 9}),
    ("step_doctor", FUNNEL | {"views.1": "V", "views.1.or.1": "W", "offers.1": "O", "errors.1": "E", "shortly": "6h"},
     STEPS | {"views": ["V", "W"], "offers": "O", "errors": "E", "shortly": "6h"}),
    ("retention", {"brackets": "1, 2-3、4-7", "measure": "revenue", "by": "trait.city", "last": "all"},
     {"brackets": ["1", "2-3", "4-7"], "measure": "revenue", "by": "trait.city"}),
    ("retention", {"rolling": "yes", "periods": "6", "unit": "day", "week_start": "sunday", "mode": "within",
                   "cohort": "every", "min_count": "2", "returns.1": "A", "returns.1.or.1": "B"},
     {"rolling": True, "periods": 6, "unit": "day", "week_start": "sunday", "mode": "within", "cohort": "every",
      "min_count": 2, "returns": ["A", "B"]}),
    ("paths", {"clean.slash": "yes", "clean.1.pattern": "/item/*", "clean.1.name": "Item", "gap": "2h"},
     {"clean": ["trailing slash", {"pattern": "/item/*", "name": "Item"}], "gap": "2h"}),
    ("smart_path", {"goal.1": "A", "goal.1.or.1": "B", "across": "yes", "top": "50", "clean.slash": "yes"},
     {"goal": ["A", "B"], "across": True, "top": 50, "clean": ["trailing slash"]}),
    ("sessions", {"by": "entry_event", "top": "3", "gap": "1h", "week_start": "sunday"},
     {"by": "entry_event", "top": 3, "gap": "1h", "week_start": "sunday"}),
    ("activity", {"events.1": "A", "gap": "1h", "last": "all"}, {"events": ["A"], "gap": "1h"}),
    ("output", {"conversion.1": "A", "conversion.1.or.1": "B", "unit": "day", "week_start": "sunday"},
     {"conversion": ["A", "B"], "unit": "day", "week_start": "sunday"}),
    ("stickiness", {"events.1": "A", "events.2": "B", "week_start": "sunday"},
     {"events": ["A", "B"], "week_start": "sunday"}),
    ("active_customers", {"events.1": "A", "duration": "10m", "gap": "1h"}, {"duration": "10m", "gap": "1h"}),
    ("growth_accounting", {"events.1": "A", "periods": "8"}, {"periods": 8}),
    ("growth_path", {"scheme": "relationship", "stuck_after": "60d"},
     {"scheme": "relationship", "stuck_after": "60d"}),
    ("growth_path", {"stuck_after": "new=14d; lost=1w"}, {"stuck_after": {"new": "14d", "lost": "1w"}}),
    ("growth_path", {"scheme": "own", "scheme.1.name": "新客", "scheme.1.first.n": "30", "scheme.1.first.unit": "d",
                     "scheme.2.name": "其他", "scheme.2.stage": "rest"},
     {"scheme": [{"stage": "stage_1", "name": "新客", "first_within": "30d"}, {"stage": "rest", "name": "其他"}]}),
    ("habit_loop", HABIT | {"messages.1": "M", "messages.1.or.1": "N", "message_within": "1d", "week_start": "sunday"},
     {"messages": ["M", "N"], "message_within": "1d", "week_start": "sunday"}),
    ("aha", {"top": "40", "week_start": "sunday", "min_customers": "5"},
     {"top": 40, "week_start": "sunday", "min_customers": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "form", "wanted"), FILLED)
def test_what_is_filled_in_is_what_is_asked(name: str, form: dict[str, str], wanted: dict[str, Any]) -> None:
    draft = read(QUESTIONS[name], form)
    assert draft.errors == {}
    asked = arguments(draft.asked, NOW)
    assert {key: asked.get(key) for key in wanted} == wanted

    # The address, and what is kept as JSON, ask the same.
    again = read(QUESTIONS[name], dict(parse_qsl(draft.query, keep_blank_values=True)))
    assert again.asked == draft.asked
    kept = json.loads(json.dumps(draft.asked.to_dict()))
    assert asked_of(QUESTIONS[name], kept["parameters"]) == draft.asked
    assert draft_of(draft.asked).asked == draft.asked


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_every_parameter_of_a_question_can_be_filled_in(name: str) -> None:
    """Only ``events`` compares by itself; the page asks twice instead, so that it can do so of any question."""
    known = set(inspect.signature(getattr(Questions, name)).parameters) - {"source", "since", "until"}
    fields = {each.name for each in QUESTIONS[name].fields} - {"range"}
    assert known - fields == set()
    assert fields - known <= {"compare"}


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_defaults_are_those_of_the_engine(name: str) -> None:
    """A field that is left alone asks what the workspace's method asks when it is left out."""
    parameters = inspect.signature(getattr(Questions, name)).parameters
    chosen = {"unit", "events", "steps"}
    for field in QUESTIONS[name].fields:
        if field.name in parameters and field.name not in chosen and field.default not in (None, ""):
            assert field.default == parameters[field.name].default, field.name


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("funnel", FUNNEL | {"steps.2.within": "soon"}, "steps.2.within"),
        ("funnel", FUNNEL | {"steps.2.gap.n": "0", "steps.2.gap.unit": "d"}, "steps.2.gap"),
        ("funnel", FUNNEL | {"exclude.1": "C", "exclude.1.before": "x"}, "exclude.1.before"),
        ("funnel", FUNNEL | {"by": "channel", "by.at": "nowhere"}, "by.at"),
        ("funnel", FUNNEL | {"bins": "1h,x"}, "bins"),
        ("funnel", FUNNEL | {"compare": "yesterday"}, "compare"),
        ("funnel", {"steps.1": "A", "steps.2": "B", "compare": "own", "compare.since": "2024-01-01"}, "compare.until"),
        ("funnel", {"steps.1": "A", "steps.2": "B", "compare": "2024-02-01..2024-01-01"}, "compare.until"),
        ("funnel", FUNNEL | {"compare": "previous"}, "last"), ("funnel", {"steps.1": "A"}, "steps.2"),
        ("retention", {"brackets": "1, two"}, "brackets"), ("retention", {"periods": "-1"}, "periods"),
        ("paths", {"clean.1.pattern": "/item/*"}, "clean.1"), ("paths", {"steps": "11"}, "steps"),
        ("growth_path", {"scheme": "mine"}, "scheme"), ("growth_path", {"stuck_after": "new=soon"}, "stuck_after"),
        ("growth_path", {"scheme": "own", "scheme.1.name": "", "scheme.2.name": "x"}, "scheme.1"),
        ("smart_path", {"goal.1": ""}, "goal.1"), ("aha", {"within": "0d"}, "within"),
    ],
)  # fmt: skip
def test_an_error_names_its_field(name: str, form: dict[str, str], field: str) -> None:
    draft = read(QUESTIONS[name], form)
    assert list(draft.errors) == [field]
    assert field in draft.slots
    # Nothing typed is lost: the address says it again, and is as wrong.
    assert list(read(QUESTIONS[name], dict(parse_qsl(draft.query, keep_blank_values=True))).errors) == [field]


@pytest.mark.parametrize(
    ("compare", "since", "until"),
    [
        ("previous", "2024-02-01", "2024-03-01"), ("year", "2023-03-01", "2023-03-30"),
        ("2022-01-01..2022-01-08", "2022-01-01", "2022-01-08"),
    ],
)  # fmt: skip
def test_the_time_that_is_compared_with(compare: str, since: str, until: str) -> None:
    form = {"events.1": "A", "since": "2024-03-01", "until": "2024-03-30", "compare": compare}
    asked = read(QUESTIONS["events"], form).asked
    then = arguments(asked, NOW, before=True)
    now = arguments(asked, NOW)
    assert (now["since"], now["until"]) == ("2024-03-01", "2024-03-30")
    if compare == "previous":
        since = "2024-02-01"
        until = "2024-03-01"
    assert (then["since"], then["until"]) == (since, until)


_EVENTS = st.sampled_from(["A", "B", "完成订单", "Product Viewed"])
_SPANS = st.sampled_from(["", "1h", "3d", "2w"])


@st.composite
def _entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps as somebody may fill them in."""
    return [
        {
            "names": draw(st.lists(_EVENTS, min_size=1, max_size=3, unique=True)),
            "where": draw(st.sampled_from(["", "x == 1", 'path("a b")', "a == 1 or b == 2"])),
            "optional": number > 0 and draw(st.booleans()), "within": draw(_SPANS) if number else "",
            "gap": draw(_SPANS) if number else "",
        }
        for number in range(draw(st.integers(2, 5)))
    ]  # fmt: skip


@given(_entries(), st.sampled_from(["", "drop:2", "up:2", "down:1", "or:1", "add"]))
@settings(max_examples=60)
def test_steps_become_exactly_what_is_said_of_them(entries: list[dict[str, Any]], act: str) -> None:
    form = {"do": f"steps:{act}" if act else "", "last": "all"}
    for number, each in enumerate(entries, start=1):
        form[f"steps.{number}"], *others = each["names"]
        form |= {f"steps.{number}.or.{place}": name for place, name in enumerate(others, start=1)}
        form |= {f"steps.{number}.{key}": each[key] for key in ("where", "within", "gap")}
        form |= {f"steps.{number}.optional": "yes"} if each["optional"] else {}
    wanted = [_said(each) for each in _acted(entries, act)]

    draft = read(QUESTIONS["funnel"], form)

    assert (draft.asked["steps"] or []) == wanted
    again = read(QUESTIONS["funnel"], dict(parse_qsl(draft.query, keep_blank_values=True)))
    assert again.asked == draft.asked
    with translation.override("en"):
        words = dict(definition_of(draft.asked, NOW).parameters)["Steps"]
    assert words.count("may be left out") == sum(each["optional"] for each in _acted(entries, act))


def _acted(entries: list[dict[str, Any]], act: str) -> list[dict[str, Any]]:
    if act == "drop:2":
        return entries[:1] + entries[2:]
    return [entries[1], entries[0], *entries[2:]] if act in ("up:2", "down:1") else entries


def _said(entry: dict[str, Any]) -> Any:
    names = entry["names"][0] if len(entry["names"]) == 1 else entry["names"]
    where = {"where": entry["where"]} if entry["where"] else {}
    extras = {key: entry[key] for key in ("optional", "within", "gap") if entry[key]}
    if extras:
        return {"event": names, **where, **extras}
    if not where:
        return names
    choices = [{"event": name, **where} for name in entry["names"]]
    return choices[0] if len(choices) == 1 else choices


@pytest.mark.parametrize(
    "steps",
    [
        ["A", {"event": "B", "after": 1}],
    ],
)
def test_a_kept_question_that_the_form_cannot_say_is_refused(steps: Any) -> None:
    with pytest.raises(WotuError):
        asked_of(QUESTIONS["funnel"], {"steps": steps})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("forms") / "workspace")


@pytest.fixture
def shop(
    made: Any, open_as: Callable[[Any], Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Any:  # fmt: skip
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


ORDERS = {"steps.1": "Order Completed", "steps.2": "Order Completed", "last": "all"}


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("funnel", ORDERS | {"steps.2.gap": "3d", "steps.2.within": "1d"}, "steps.2.gap"),
        ("funnel", ORDERS | {"exclude.1": "Order Completed", "exclude.1.after": "2", "exclude.1.before": "1"},
         "exclude.1.before"),
        ("funnel", ORDERS | {"exclude.1": "Order Compleated"}, "exclude.1"),
        ("funnel", ORDERS | {"by": "nobody", "by.at": "last"}, "by"),
        ("funnel", ORDERS | {"bins": "1d, 1h", "view": "times"}, "bins"),
        ("funnel", ORDERS | {"timezone": "Mars"}, "timezone"),
        ("funnel", ORDERS | {"steps.2.optional": "yes"}, "steps.1"),
        ("events", {"events.1": "Order Completed", "formula": "A / C"}, "formula"),
        ("retention", {"brackets": "1", "mode": "within"}, "mode"),
        ("growth_path", {"scheme": "own", "scheme.1.name": "a", "scheme.2.name": "b"}, "scheme.1"),
        ("growth_path", {"stuck_after": "nowhere=14d"}, "stuck_after"),
        ("output", {"conversion.1": "Order Compleated"}, "conversion.1"),
    ],
)  # fmt: skip
def test_a_refusal_of_the_engine_stands_beside_its_field(
    shop: Any, sign_in: Callable[..., Client], name: str, form: dict[str, str], field: str
) -> None:
    page = sign_in("viewer").get(f"/insight/ask/{name}/", form, headers={"HX-Request": "true"}).content.decode()
    told = re.search(rf'id="e-{re.escape(field)}"[^>]*>([^<]+)<', page)
    assert told is not None, re.findall(r'id="(e-[^"]+)"[^>]*>([^<]+)<', page)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("events", {"events.1": "Order Completed", "events.2": "Order Completed", "formula": "A/B", "compare": "year"}),
        ("funnel", ORDERS | {"by": "trait.city", "by.at": "last", "steps.2.within": "30d", "order": "strict"}),
        ("retention", {"by": "trait.city", "measure": "revenue", "brackets": "1,2-3", "last": "all"}),
        ("retention", {"by": "trait.city", "rolling": "yes", "unit": "day", "periods": "3", "last": "all"}),
        ("paths", {"clean.1.pattern": "Order *", "clean.1.name": "订单", "last": "all"}),
        ("activity", {"last": "all"}), ("output", {"unit": "month", "compare": "previous", "last": "365d"}),
        ("growth_path", {"scheme": "own", "last": "all"}),
    ],
)  # fmt: skip
def test_rare_choices_are_answered(
    shop: Any, sign_in: Callable[..., Client], name: str, form: dict[str, str]
) -> None:  # fmt: skip
    response = sign_in("analyst").get(f"/insight/ask/{name}/", form)
    assert response.status_code == 200
    assert 'class="finding"' in response.content.decode()


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_each_field_is_labelled_and_has_a_place_for_its_error(
    shop: Any, sign_in: Callable[..., Client], name: str
) -> None:
    form = {"last": "all", "exclude.1": "Order Completed", "steps.2.or.1": "Order Completed", "where": "path('a')"}
    client = sign_in("viewer", "zh-hans")
    page = client.get(f"/insight/ask/{name}/", form | ORDERS).content.decode()
    part = client.get(f"/insight/ask/{name}/", form | ORDERS, headers={"HX-Request": "true"}).content.decode()

    places = re.findall(r'id="(e-[^"]+)"', page)
    assert len(places) == len(set(places))
    # What an answer replaces besides itself is there to be replaced.
    assert set(re.findall(r'id="(e-[^"]+)" hx-swap-oob', part)) <= set(places)
    described = {each for text in re.findall(r'aria-describedby="([^"]+)"', page) for each in text.split()}
    assert {each for each in described if each.startswith("e-")} <= set(places)
    form_of = page[page.index('<form id="question"') : page.index("</form>", page.index('<form id="question"'))]
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", form_of):
        name_of = re.search(r'\bid="([^"]+)"', tag)
        labelled = "aria-label=" in tag or 'type="hidden"' in tag or 'type="checkbox"' in tag
        assert labelled or (name_of and (f'for="{name_of[1]}"' in form_of or "<label" in form_of)), tag


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_chinese_form_has_no_english_left(shop: Any, sign_in: Callable[..., Client], name: str) -> None:
    form = {"last": "all", "scheme": "own", "exclude.1": "Order Completed"}
    page = sign_in("viewer", "zh-hans").get(f"/insight/ask/{name}/", form | ORDERS).content.decode()
    start = page.index('<form id="question"')
    text = page[start : page.index("</form>", start)]
    # Examples of what to write, zones, units of the data and names of the shop's own are no words of ours.
    text = re.sub(r"<code>.*?</code>|<datalist.*?</datalist>|<option[^>]*data-(?:also|kind|count)[^>]*>[^<]*", "", text,
                  flags=re.S)  # fmt: skip
    said = re.findall(r'(?:aria-label|title)="([^"]*)"', text) + re.findall(r">([^<>]+)<", text)
    english = {each.strip() for each in said if re.search(r"[A-Za-z]{3,}", each) and "%" not in each}
    own = re.compile(r"Page: /item/\*|new=14d|Order Completed|Asia/Shanghai|channel|city|revenue|path\b")
    assert {each for each in english if not own.search(each)} == set()


def test_labels_are_translated_lazily() -> None:
    """A question declared while one language was active is read in another."""
    with translation.override("zh-hans"):
        assert str(QUESTIONS["funnel"].field("exclude").label) == "步骤之间不得发生"
    with translation.override("en"):
        assert str(QUESTIONS["funnel"].field("exclude").label) == "Never between steps"
