"""Timelines are a cache: whatever happens to their files, the next look brings them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from wotu.timeline.manifest import read_manifest, write_manifest
from wotu.workspace import Workspace
from wotu.workspace.examination import examine

LAYER = (
    "events.arrow", "sales.arrow", "told.arrow", "orders.arrow", "customers.arrow", "subjects.npy", "owners.npy",
    "covers.npy",
)  # fmt: skip
FILES = (*LAYER, "texts", "products", "current.json")


def _file(workspace: Workspace, name: str) -> Path:
    folder = workspace.layout.timelines
    manifest = read_manifest(folder)
    assert manifest is not None
    if name in LAYER:
        return folder / manifest.layers[0] / name
    return folder / {"texts": manifest.texts[0], "products": manifest.products}.get(name, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["emptied", "removed"])
def test_a_harmed_file_is_made_again(make_workspace: Callable[..., Workspace], name: str, harm: str) -> None:
    workspace = make_workspace()
    order = {"type": "track", "event": "Order Completed", "userId": "王芳", "messageId": "m1"}
    workspace.collect({**order, "properties": {"order_id": "o1", "revenue": "10.00", "color": "红"}})
    file = _file(workspace, name)
    if harm == "emptied":
        file.write_bytes(b"")
    else:
        file.unlink()
    again = Workspace.open(workspace.path)
    assert [(row.customer_id, str(row.revenue)) for row in again.customers().rows] == [("c0", "10.00")]
    assert again.timeline_of("王芳").rows[0].properties["color"] == "红"
    assert [finding for finding in examine(again) if finding.level == "problem"] == []


def test_a_layer_that_is_gone_is_no_obstacle(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.collect({"type": "track", "event": "A", "userId": "u"})
    manifest = read_manifest(workspace.layout.timelines)
    assert manifest is not None
    write_manifest(workspace.layout.timelines, replace(manifest, name="other", layers=("base-gone",)))
    again = Workspace.open(workspace.path)
    assert again.customers().total == 1
    assert again.collect({"type": "track", "event": "A", "userId": "v"})["accepted"] == 1
    assert again.customers().total == 2
