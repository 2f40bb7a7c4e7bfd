"""Refusals in the language of the page: every reason has its words, and what a form can cause names its field."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import translation
from tests.console import real

from wotu.console.refusing import in_words, said
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument

GIVEN = {
    "least": 1,
    "most": 4_000,
    "at": 3,
    "text": "a >>",
    "name": "revenue",
    "operator": ">",
    "near": "A, B",
    "value": "1",
}
HTMX = {"HX-Request": "true"}
ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("refused") / "workspace")


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.SAID])
def test_every_reason_has_words_in_both_languages(reason: Reason) -> None:
    error = WotuError(ErrorCode.INVALID_ARGUMENT, "steps: in English.", field="steps", reason=reason, given=GIVEN)
    with translation.override("zh-hans"):
        chinese = said(error)
    with translation.override("en"):
        english = said(error)
    assert chinese is not None
    assert english is not None
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not ENGLISH.search(chinese)
    assert "%(" not in chinese + english


@pytest.mark.parametrize("code", list(ErrorCode))
def test_no_english_stands_on_a_chinese_page_whatever_is_refused(code: ErrorCode) -> None:
    error = WotuError(code, "steps: something that nobody foresaw.", field="steps")
    with translation.override("zh-hans"):
        words = in_words(error, "步骤")
    assert not ENGLISH.search(words)
    with translation.override("en"):
        assert in_words(invalid_argument("steps", "steps: what is wrong.")) == "what is wrong."


def test_an_error_keeps_its_reason_on_its_way_between_processes() -> None:
    error = invalid_argument("top", "top=0 must be from 1 to 9.", Reason.OUT_OF_RANGE, least=1, most=9)
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.given, again.to_dict()) == (error.reason, error.given, error.to_dict())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("question", "query", "words"),
    [
        ("events", {"events.1": "Order Complete"}, "从未收到过这个事件"),
        ("events", {"events.1": "Order Completed", "where": "reven >= 100"}, "相近的有：revenue"),
        ("events", {"events.1": "Order Completed", "where": "revenue >>"}, "个字符处看不懂"),
        ("events", {"events.1": "Order Completed", "where": 'revenue contains "1"'}, "不能用 contains 比较"),
        ("events", {"events.1": "Order Completed", "by": "order_id"}, "逐个不同的值"),
        ("events", {"events.1": "Order Completed", "measure": "sum:order_id"}, "数值型的事件属性"),
        ("separation", {"steps.1": "Order Completed", "steps.2": "Order Completed", "step": "2"}, "没有必经的步骤"),
        ("step_doctor", {"steps.1": "Order Completed", "steps.2": "Order Completed", "step": "2"}, "1 到 1"),
        ("paths", {"steps": "11"}, "不大于 10"),
    ],
)
def test_what_a_form_causes_stands_beside_its_field_in_chinese(
    shop: Any, sign_in: Callable[..., Client], question: str, query: dict[str, str], words: str
) -> None:
    part = sign_in("owner", "zh-hans").get(f"/insight/ask/{question}/", query | {"last": "all"}, headers=HTMX)
    told = [each for each in re.findall(r'id="e-[^"]*"[^>]*>([^<]+)', part.content.decode()) if each.strip()]
    assert len(told) == 1
    assert words in told[0].replace("&quot;", '"')
    assert not ENGLISH.search(re.sub(r"Order \w+|revenue contains", "", told[0]))
