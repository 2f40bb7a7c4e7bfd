"""The workbench: what is filled in, what is asked, what is answered, and what nobody may find out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.console import real

from wotu.accounts.sight import Sight
from wotu.console.asking import filters
from wotu.console.asking.drafts import Form
from wotu.console.asking.forms import asked_of, draft_of, read
from wotu.console.asking.questions import QUESTIONS
from wotu.console.asking.whom import AskedWhom
from wotu.core.errors import WotuError
from wotu.timeline.expression import Condition, names, parse

EVENTS = QUESTIONS["events"]
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("ask") / "workspace")


@pytest.fixture
def shop(
    made: Any, open_as: Callable[[Any], Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Any:  # fmt: skip
    # A busy machine takes longer than a page waits; that it then shows how far it is has a test of its own.
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


def _text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("name", list(QUESTIONS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_question_answers_with_its_defaults(
    shop: Any, sign_in: Callable[..., Client], name: str, language: str
) -> None:
    response = sign_in("viewer", language).get(f"/insight/ask/{name}/?last=all&min_customers=2&least=1")

    page = _text(response)
    assert response.status_code == 200
    # Among forty customers no behaviour is common enough to be a candidate.
    assert 'id="t-' in page or name == "aha"
    assert 'class="finding"' in page
    assert 'class="answer-table' in page or "answer-table" in page
    assert "Asia/Shanghai" in page
    assert "Traceback" not in page


def test_an_answer_says_what_the_workspace_says(shop: Any, sign_in: Callable[..., Client]) -> None:
    query = "events.1=Order+Completed&unit=month&last=all&measure=count"
    response = sign_in("analyst").get(f"/insight/ask/events/export.csv?{query}")

    rows = list(csv.reader(io.StringIO(b"".join(response).decode("utf-8-sig"))))
    answer = shop.events(["Order Completed"], unit="month", measure="count")
    assert [(label, int(float(value))) for label, value in rows[:0:-1]] == list(answer.series[0].points)


def test_a_permalink_is_the_whole_question(shop: Any, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    form = {
        "events.1": "Order Completed", "events.1.where.1.name": "revenue", "events.1.where.1.op": ">=",
        "events.1.where.1.value": "100", "unit": "month", "last": "all", "by": "trait.city",
    }  # fmt: skip
    response = client.get("/insight/ask/events/", form, headers=HTMX)

    pushed = response["HX-Push-Url"]
    assert "where=revenue+%3E%3D+100" in pushed
    again = client.get(pushed)
    assert again.status_code == 200
    assert '<option value="&gt;=" data-kinds="number money time" selected>' in _text(again)


def test_buttons_change_the_form_without_a_script(shop: Any, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    page = _text(client.get("/insight/ask/events/", {"events.1": "Order Completed", "do": "events:add"}))
    assert 'name="events.2"' in page

    part = client.get("/insight/ask/events/", {"events.1": "Order Completed", "do": "where:add"}, headers=HTMX)
    assert part["HX-Retarget"] == "#workbench"
    assert 'name="where.1.name"' in _text(part)


def test_what_is_wrong_stands_beside_its_field(shop: Any, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    query = {"events.1": "Order Compleated", "last": "all"}
    whole = client.get("/insight/ask/events/", query)
    part = client.get("/insight/ask/events/", query, headers=HTMX)

    assert (whole.status_code, part.status_code) == (422, 200)
    told = re.search(r'<span class="error" id="e-events.1"[^>]*>([^<]+)', _text(part))
    assert told is not None
    assert told[1].startswith("No message ever carried this event. Choose one that did. Nearest: Order Completed,")
    assert 'value="Order Compleated" selected' in _text(whole)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"where": "reven >= 100"}, "where"), ({"where": "revenue >>"}, "where"), ({"unit": "year"}, "unit"),
        ({"last": "own", "since": "yesterday"}, "since"), ({"since": "2024-02-01", "until": "2024-01-01"}, "until"),
        ({"by": "nobody"}, "by"), ({"measure": "sum:nobody"}, "measure"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(shop: Any, sign_in: Callable[..., Client], query: Any, field: str) -> None:
    part = _text(sign_in().get("/insight/ask/events/", {"events.1": "Order Completed"} | query, headers=HTMX))
    told = re.search(rf'id="e-{field}"[^>]*>([^<]+)', part)
    assert told is not None
    assert told[1].strip()


def test_identifiers_cannot_be_found_out(shop: Any, sign_in: Callable[..., Client]) -> None:
    viewer, marketer = sign_in("viewer"), sign_in("marketer")
    probing = {"events.1": "Order Completed", "where": 'trait.phone contains "1380"', "last": "all"}
    grouping = {"events.1": "Order Completed", "by": "trait.phone", "last": "all"}
    for query in (probing, grouping):
        assert "Your role may not look into identifiers" in _text(viewer.get("/insight/ask/events/", query))
        assert "Your role may not" not in _text(marketer.get("/insight/ask/events/", query))
    who = {"question": "events", "parameters": {"events": ["Order Completed"], "where": probing["where"]}, "pick": {}}
    named = AskedWhom.read(json.dumps(who), Sight(whole=False))
    with pytest.raises(WotuError, match="your role may ask for a whole"):
        named.customers()


def test_a_viewer_takes_no_file_away(shop: Any, sign_in: Callable[..., Client]) -> None:
    assert sign_in("viewer").get("/insight/ask/events/export.csv").status_code == 403


def test_an_unknown_question_is_no_page(shop: Any, sign_in: Callable[..., Client]) -> None:
    assert sign_in().get("/insight/ask/os.system/").status_code == 404


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_what_was_kept_as_json_asks_the_same(name: str) -> None:
    question = QUESTIONS[name]
    for query in ("", "last=all&where=revenue+%3E+1", "since=2024-01-01&until=2024-02-01"):
        form = dict(pair.split("=", 1) for pair in query.replace("+", " ").replace("%3E", ">").split("&") if pair)
        asked = read(question, {"events.1": "A", "events.1.where": "b == 1", **form}).asked
        kept = json.loads(json.dumps(asked.to_dict()))
        assert asked_of(question, kept["parameters"]) == asked
        assert draft_of(asked).asked == asked


@pytest.mark.parametrize("parameters", [[], {"events": 3}, {"events": [{}]}, {"last": "soon"}, {"unit": "x"}])
def test_json_that_is_no_question_is_refused(parameters: Any) -> None:
    with pytest.raises(WotuError):
        asked_of(EVENTS, parameters)


_NAMES = st.sampled_from(["channel", "价格", "page url", "in", "trait.city", "x.y", "products.category", "path"])
_OPS = st.sampled_from([operator for operator, _words, kinds in filters.OPERATORS if kinds != filters.PATH])
_VALUES = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text)
_TRUTHS = {"yes": True, "no": False}


@given(st.lists(st.tuples(_NAMES, _OPS, _VALUES), min_size=1, max_size=4))
@settings(max_examples=60)
def test_rows_write_a_filter_that_means_them(rows: list[tuple[str, str, str]]) -> None:
    typed = [filters.Row(*row) for row in rows]
    text = filters.text_of(typed)
    if any(row.op == "in" and not re.sub(r"[,，、\s]", "", row.value) for row in typed):
        return

    found = names(parse(text))  # type: ignore[arg-type]

    operators = ["==" if row.op in _TRUTHS else row.op for row in typed]
    assert [(each.name, each.operator) for each in found] == [
        (row.name, operator) for row, operator in zip(typed, operators, strict=True)
    ]
    for each, row in zip(found, typed, strict=True):
        if row.op in _TRUTHS:
            assert each.values == (_TRUTHS[row.op],)
        elif row.op not in (*filters.WITHOUT_VALUE, "in"):
            assert _said(each) == row.value


@pytest.mark.parametrize(
    "row",
    [
        filters.Row("path", "path", "`Product Viewed`+ .. `Order Completed`"),
        filters.Row("path", "path across", '"a b" !c'), filters.Row("path", "no path", "a|b"),
        filters.Row("path", "no path across", "a\\b?"), filters.Row("products.category", "in", "茶, 咖啡"),
        filters.Row("audience.vip", "yes"), filters.Row("audience.vip", "no"), filters.Row("stage", "==", "成交"),
        filters.Row("score.clv", ">=", "100"), filters.Row("coupon", "contains", "12"),
    ],
)  # fmt: skip
def test_rows_say_what_customers_did_and_where_they_are(row: filters.Row) -> None:
    other = filters.Row("channel", "==", "app")
    assert filters.rows_of(filters.text_of([row, other])) == [row, other]


def test_a_text_with_or_stays_a_text() -> None:
    shown = filters.read_filter("where", Form({"where": 'a == 1 or b == "x"'})).shown
    assert shown.as_text
    assert filters.rows_of("a == 1 and b in (1, 2)") == [filters.Row("a", "==", "1"), filters.Row("b", "in", "1, 2")]


def _said(condition: Condition) -> str:
    value = condition.values[0]
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("paths", "Customers"),
        ("growth_accounting", "Dormant"),
        ("funnel", "Reached the end"),
        ("stickiness", "Customers"),
    ],
)
def test_a_number_opens_exactly_the_customers_it_counts(
    shop: Any, sign_in: Callable[..., Client], name: str, shown: str
) -> None:
    client = sign_in("viewer")
    page = _text(
        client.get(f"/insight/ask/{name}/", {"last": "all", "steps": "2"} if name == "paths" else {"last": "all"})
    )
    counted = re.search(rf'href="(/customers/\?who=[^"]+)" aria-label="{shown} (\d+)', page)
    assert counted is not None

    listed = _text(client.get(unescape(counted[1])))

    assert f"<b>{counted[2]}</b> customer" in listed


@pytest.mark.parametrize(
    "who", ["", "[]", "{}", '{"question": "rfm", "pick": {}}', '{"question": "events", "pick": 3}']
)
def test_a_whom_that_is_none_is_refused(who: str) -> None:
    with pytest.raises(WotuError):
        AskedWhom.read(who, Sight(whole=True))


def test_whom_a_number_counted_is_saved_as_a_list(shop: Any, sign_in: Callable[..., Client]) -> None:
    who = json.dumps({"question": "funnel", "parameters": {"steps": ["Order Completed"] * 2, "last": "all"},
                      "pick": {"step": 2}})  # fmt: skip
    viewer = sign_in("viewer")
    assert viewer.post(f"/customers/list/?{urlencode({'who': who})}", {"name": "回头客"}).status_code == 403

    done = sign_in("analyst").post(f"/customers/list/?{urlencode({'who': who})}", {"name": "回头客"})

    assert done.status_code == 302
    counted = shop.funnel(["Order Completed"] * 2).steps[1].customers
    assert [(each.name, each.customers) for each in shop.lists()] == [("回头客", counted)]
    asked = _text(viewer.get("/insight/ask/events/", {"audience": "回头客", "last": "all"}))
    assert '<option value="回头客" selected>' in asked


@pytest.mark.parametrize("view", ["times", "trend"])
def test_a_funnel_shows_times_and_trend(shop: Any, sign_in: Callable[..., Client], view: str) -> None:
    query = {"steps.1": "Order Completed", "steps.2": "Order Completed", "within": "30d", "last": "all", "view": view}
    page = _text(sign_in("viewer").get("/insight/ask/funnel/", query | {"compare": "", "by": "trait.city"}))
    assert f'id="data-{view}"' in page
    assert "城市1" in page


def test_a_long_question_shows_how_far_it_is_and_can_be_cancelled(
    shop: Any, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 0)
    client, query = sign_in(), {"events.1": "Order Completed", "unit": "day", "last": "all"}
    first = _text(client.get("/insight/ask/events/", query))
    assert 'hx-trigger="load delay:300ms"' in first
    assert "<noscript><meta" in first

    form = re.search(r'action="(/insight/ask/events/cancel/[^"]+)"', first)
    assert form is not None
    ended = client.post(unescape(form[1]), headers=HTMX)

    assert "Cancelled" in _text(ended)
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    assert "answer-table" in _text(client.get("/insight/ask/events/", query))
