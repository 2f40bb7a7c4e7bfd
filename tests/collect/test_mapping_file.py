from importlib.resources import files
from pathlib import Path

import pytest

from wotu.collect.mapping import EventColumn, Property, Time, as_properties, load_mapping, parse_mapping
from wotu.core.errors import ErrorCode, WotuError

ORDER = "order: {id: I, lines: {price: P}}\n"


def test_a_short_mapping_has_defaults(tmp_path: Path) -> None:
    path = tmp_path / "clicks.yaml"
    path.write_text("event: Ad Clicked\nidentifiers: {user_id: id}\ntime: when\n")
    mapping = load_mapping(path)
    assert (mapping.source, mapping.namespace, mapping.zone, mapping.currency) == ("clicks", "default", None, None)
    assert (mapping.event, mapping.time, mapping.key) == ("Ad Clicked", "when", None)


def test_every_form_of_a_key() -> None:
    mapping = parse_mapping(
        "source: s\nnamespace: n\ntimezone: Asia/Shanghai\ncurrency: CNY\nevent: {column: Action}\n"
        'time: {column: t, format: ["%d/%m/%Y", "%Y"]}\n'
        "properties: {a: A, b: {column: B, type: number}, c: {columns: [C, D], join: '-'}}\n",
        "m",
    )
    assert mapping.event == EventColumn("Action")
    assert isinstance(mapping.time, Time)
    assert mapping.time.formats == ("%d/%m/%Y", "%Y")
    assert Time("t", "%Y").formats == ("%Y",)
    assert as_properties(mapping.properties) == {
        "a": Property(column="A"),
        "b": Property(column="B", type="number"),
        "c": Property(columns=("C", "D"), join="-"),
    }
    assert str(mapping.zone) == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", None),
        ("- a", None),
        ("a: [", None),
        ("time: t", "event"),
        ("event: A\ntraits: [a]\nidentifiers: {user_id: u}", "traits"),
        ("event: A\ncolour: red", "colour"),
        ("event: 5", "event"),
        ("event: A\ncurrency: yuan", "currency"),
        ("event: A\ntimezone: Mars/Olympus", "timezone"),
        ("event: A\ndelimiter: ';;'", "delimiter"),
        ("event: A\nidentifiers: {name: N}", "identifiers.name"),
        ("event: A\nproperties: {a: {type: text}}", "properties.a"),
        ("event: A\nproperties: {a: {column: x, type: colour}}", "properties[...].type"),
        ("traits: [age]", "identifiers"),
        ("traits: [age, email]\nidentifiers: {user_id: u}", "traits.email"),
        ("table: products", "properties.product_id"),
        ("table: products\nproperties: {name: N}", "properties.product_id"),
        ("table: products\nkey: [name]\nproperties: [product_id, name]", "key"),
        ("table: products\nproperties: [product_id]\nidentifiers: {user_id: u}", "identifiers"),
        ("table: product\nproperties: [product_id]", "table"),
        ("table: costs\nproperties: [date, channel]", "properties.spend"),
        ("table: owners\nproperties: [staff_id]", "identifiers"),
        ("order: {id: I}", "order"),
        ("order: {id: I, lines: {product_id: p}}", "order.lines"),
        ("order: {id: I, lines: {colour: p}}", "order.lines.colour"),
        (ORDER + "properties: {revenue: r}", "properties.revenue"),
        ("order: {id: I, lines: {price: P}, cancellation: {column: I}}", "order.cancellation"),
    ],
)
def test_a_wrong_mapping_names_its_key(text: str, field: str | None) -> None:
    with pytest.raises(WotuError) as caught:
        parse_mapping(text, "m")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MAPPING, field)


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WotuError, match=r"none\.yaml cannot be read") as caught:
        load_mapping(tmp_path / "none.yaml")
    assert caught.value.code is ErrorCode.INVALID_MAPPING


def test_the_mappings_that_come_along_are_right() -> None:
    folder = Path(str(files("wotu.collect"))) / "mappings"
    sources = {path.stem: load_mapping(path).source for path in folder.rglob("*.yaml")}
    assert sources == {
        "online_retail": "online_retail",
        "transactions": "complete_journey",
        "products": "complete_journey",
        "demographics": "complete_journey",
        "mailings": "complete_journey",
        "redemptions": "complete_journey",
        "youzan-orders": "youzan",
        "youzan-customers": "youzan",
        "weimob-orders": "weimob",
        "weimob-customers": "weimob",
        "wecom-customers": "wecom",
        "wecom-friends": "wecom",
        "wecom-owners": "wecom",
    }
