"""Everything a workspace holds about one person, as a zip that people and programs can read."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wotu.collect.quarantine import Quarantine
from wotu.core.customer_ids import customer_number
from wotu.core.durable import replacing
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.identity.checkpoint import read_checkpoint
from wotu.identity.erasures import Erasure, Tombstones, hashed
from wotu.identity.keyed_hash import new_key
from wotu.lake.messages import Lake
from wotu.settle.mentions import mentions
from wotu.settle.traces import Links, Traces, links_of, traces_of
from wotu.workspace.personal_messages import Known, personal_messages

if TYPE_CHECKING:
    from wotu.workspace.workspace import Workspace

Integers = npt.NDArray[np.int64]
Audit = Iterable[Mapping[str, Any]]
_ALL = 1 << 40
_COMMIT_SECONDS, _POLL_SECONDS = 90.0, 0.1
_README = """\
# {id}

Everything that Wotu holds about this person, as of {made}.
以下是截至 {made}，Wotu 中关于此人的全部数据。

- `profile.json`: the person at a glance / 客户概况
- `identifiers.json`: how they are known, and how that came to be / 身份标识及其由来
- `consents.json`: what they allow us to send / 授权与退订
- `orders.json`: orders with lines and refunds / 订单、商品明细与退款
- `columns.json`: the lists and audiences they are on, scores and stage / 所在的名单与受众、评分与阶段
- `value.json`: balances of points and the like, the lots they are made of, and every posting, where the
  team's database was at hand; amounts there are whole numbers of the smallest part / 积分等权益的余额、批次与逐笔流水
- `messages.ndjson`: every message as it was taken in, one a line, in the Segment format;
  `wotu collect messages.ndjson` takes them into another workspace / 收到的每条消息，一行一条，可再次导入
- `facts.ndjson`: rows of tables that name them, such as who looks after them / 其他表中提到此人的记录
- `quarantine.ndjson`: rows nobody could read that name them / 隔离区中提到此人的记录
- `audit.json`: what people did with their data, where the team's database was at hand / 对此人数据的操作记录

Times carry their offset; amounts are decimal text in major units. 时间均带时区，金额以元等主单位表示。
"""


class Held(NamedTuple):
    """Where a person stands in the lake."""

    subjects: Integers
    links: Links
    traces: Traces


def export_person(
    workspace: Workspace, customer_id: str, subjects: Integers, target: Path, *, made: str, audit: Audit,
    value: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write everything held about a person (a customer with these identity nodes) to the new file ``target``.

    ``audit`` are the entries of the audit about them and ``value`` what the ledger holds, which the data plane
    cannot read.
    """
    if target.exists():
        raise invalid_argument("file", f"{target} exists; give the file a new name.")
    _wait_for_commit(workspace)
    lake, profile = Lake(workspace.layout.lake), workspace.customer(customer_id)
    held = _held(workspace, lake, subjects)
    history = _dicts(workspace.identity_history(customer_id))
    identifiers = {"identifiers": _identifiers(held.links), "history": history}
    orders = workspace.orders_of(customer_id, limit=_ALL).rows
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", _README.format(id=profile.customer_id, made=made))
        for name, content in (
            ("profile.json", asdict(profile)), ("identifiers.json", identifiers),
            ("consents.json", _dicts(workspace.consent(profile.customer_id))), ("orders.json", _dicts(orders)),
            ("columns.json", _columns(workspace, customer_id)), ("value.json", value), ("audit.json", list(audit)),
        ):  # fmt: skip
            archive.writestr(name, _json(content, indent=True))
        _lines(archive, "messages.ndjson", _messages(lake, held, workspace.settings.currency))
        _lines(archive, "facts.ndjson", _facts(lake, held.traces.theirs))
        _lines(archive, "quarantine.ndjson", _quarantine(workspace.layout.quarantine, held))


def _columns(workspace: Workspace, customer_id: str) -> dict[str, Any]:
    """What was published about a customer, by name of the column."""
    place = workspace.generation().place(customer_number(customer_id) or 0)
    assert place is not None
    shard, row = place
    return {name: value for name in shard.manifest.published if (value := shard.published(name).at(row)) is not None}


def _identifiers(links: Links) -> list[dict[str, str]]:
    """Identifiers as people write them."""
    rows = zip(links.kind, links.namespace, links.value, strict=True)
    return [{"type": kind, "namespace": namespace, "value": value} for kind, namespace, value in rows]


def _wait_for_commit(workspace: Workspace) -> None:
    """Wait until the lake has what questions show now."""
    lake, shown = Lake(workspace.layout.lake), workspace.generation().manifest.seq
    deadline = time.monotonic() + _COMMIT_SECONDS
    while lake.last_seq() < shown:
        if time.monotonic() > deadline:
            raise WotuError(ErrorCode.WORKSPACE_IN_USE, "the settler does not write what it shows; see wotu doctor.")
        time.sleep(_POLL_SECONDS)


def _held(workspace: Workspace, lake: Lake, subjects: Integers) -> Held:
    links = links_of(lake, subjects, Tombstones.of([]))
    key = new_key()
    stones = Tombstones.of([Erasure("", 0, key=key, hashes=hashed(links.keys, key))])
    namespaces = list(dict.fromkeys(["default", *read_checkpoint(workspace.layout.identity).namespaces]))
    return Held(subjects, links, traces_of(lake, subjects, stones, namespaces))


def _messages(lake: Lake, held: Held, currency: str) -> Iterator[dict[str, Any]]:
    links = held.links
    owners = {
        subject: (kind, value)
        for subject, kind, value in zip(links.subject.tolist(), links.kind, links.value, strict=True)
    }
    carried: dict[tuple[str, str], list[Known]] = {}
    columns = ["subject", "other", "event", "source", "message_id"]
    for batch in lake.scan(columns, types=("identity",), events=("join",), only=held.traces.links):
        for row in batch.to_pylist():
            known = carried.setdefault((row["source"], row["message_id"]), [])
            known += [owners[row[side]] for side in ("subject", "other") if row[side] in owners]
    yield from personal_messages(lake, held.traces.theirs, carried, owners, currency=currency)


def _facts(lake: Lake, seq: Integers) -> Iterator[dict[str, Any]]:
    for batch in lake.scan(["time", "received", "source", "event", "rest"], types=("row",), only=seq):
        for row in batch.to_pylist():
            content = msgspec.json.decode(row["rest"] or "{}")
            yield {"table": row["event"], "time": row["time"], "received": row["received"], "row": content}


def _quarantine(folder: Path, held: Held) -> Iterator[dict[str, Any]]:
    identifiers = held.links.by_kind()
    for row in Quarantine(folder).read().to_pylist():
        theirs = (row["source"], (row["file"] or "").removeprefix("message ")) in held.traces.messages
        if theirs or any(row[name] and mentions(row[name], identifiers) for name in ("content", "file")):
            yield row


def _lines(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    with archive.open(name, "w") as file:
        for row in rows:
            file.write(_json(row) + b"\n")


def _dicts(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def _json(value: Any, *, indent: bool = False) -> bytes:
    return msgspec.json.format(_PAGES.encode(value), indent=2) if indent else _LINES.encode(value)


def _plain(value: object) -> object:
    if isinstance(value, (Decimal, date)):
        return str(value)
    raise TypeError(type(value).__name__)


_PAGES = msgspec.json.Encoder(enc_hook=_plain)
# What came as a number goes out as one; amounts are text already.
_LINES = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")
