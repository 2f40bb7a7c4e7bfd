"""Layers are put together by what they hold, events or not."""

from __future__ import annotations

from collections.abc import Callable

from wotu.workspace import Workspace


def identify(first: int, count: int) -> list[dict[str, object]]:
    return [{"type": "identify", "userId": f"u{first + i}", "traits": {"age": i}} for i in range(count)]


def test_customers_without_events_are_not_written_again_with_every_round(
    make_workspace: Callable[..., Workspace],
) -> None:
    """A customer and what was told once: two rows."""
    workspace = make_workspace()
    workspace.collect(identify(0, 40))
    large = workspace.generation().layers[-1].name
    for number in range(8):
        workspace.collect(identify(100 + number, 1))
    layers = workspace.generation().layers
    assert [layer.size for layer in layers[:2]] == [0, 80]
    assert layers[1].name == large
    assert sum(layer.size for layer in layers) == 80 + 8 * 2
