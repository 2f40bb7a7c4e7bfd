"""People decide who is who: merge two customers, split an identifier off, and look back at what happened.

An action is a message like any other: the settler takes it in its turn and alone decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from wotu.collect.batch import Batch
from wotu.collect.conform import conform
from wotu.collect.message import ENVELOPE
from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.identity.actions import Merge, Split, action_text
from wotu.workspace.directory import Directory, Named

if TYPE_CHECKING:
    from wotu.workspace.intake import Intake

SOURCE = "workspace"
# The directory as of now: another one after an action.
Look = Callable[[], Directory]


def merge_customers(intake: Intake, look: Look, a: str, b: str, *, by: str | None, reason: str | None) -> str:
    """Make two customers one; the id of the older, which survives."""
    one, other = _find(look(), a, "a"), _find(look(), b, "b")
    if one == other:
        raise invalid_argument("b", f"{a} and {b} are one customer already: {customer_text(one)}.")
    _settle(intake, "merge", Merge((customer_text(one), customer_text(other)), by, reason))
    now = look()
    survivor = now.customer_of(one)
    if survivor != now.customer_of(other):
        raise _undone(f"{a} and {b} were not merged")
    return customer_text(survivor)


def split_identifier(
    intake: Intake, look: Look, identifier: str, *, namespace: str | None, by: str | None, reason: str | None
) -> str:
    """Take one identifier off its customer; the id of the customer it now is."""
    named = _one(look().named(identifier), identifier, namespace)
    if len(look().members(named.customer)) == 1:
        message = f"{identifier} is the only identifier of {customer_text(named.customer)}; there is nothing to split."
        raise invalid_argument("identifier", message)
    _settle(intake, "split", Split(named.kind, named.value, named.namespace or "default", by, reason))
    customer = look().customer_of(named.subject)
    if len(look().members(customer)) > 1:
        raise _undone(f"{identifier} was not split off")
    return customer_text(customer)


def _find(directory: Directory, identifier: str, field: str) -> int:
    try:
        return directory.find(identifier)
    except WotuError as error:
        raise WotuError(error.code, error.message, field=field) from None


def _one(named: list[Named], identifier: str, namespace: str | None) -> Named:
    found = [one for one in named if namespace is None or one.namespace in {"", namespace}]
    if not found:
        message = f"no customer has the identifier {identifier!r}; give type:value or a bare value, not a customer id."
        raise WotuError(ErrorCode.UNKNOWN_CUSTOMER, message, field="identifier")
    if len(found) > 1:
        meant = ", ".join(one.text for one in found)
        message = f"{identifier!r} may mean {meant}; write the type in front, or name the namespace."
        raise WotuError(ErrorCode.AMBIGUOUS_IDENTIFIER, message, field="identifier")
    return found[0]


def _settle(intake: Intake, kind: str, action: Merge | Split) -> None:
    now = datetime.now(UTC)
    message = {
        "type": kind, "time": now, "received": now, "source": SOURCE, "namespace": "default",
        "message_id": str(uuid.uuid4()), "properties": action_text(action),
    }  # fmt: skip
    row = {name: message.get(name) for name in ENVELOPE.names}
    intake.take(SOURCE, Batch(conform(pa.Table.from_pylist([row], ENVELOPE)), [], 1))


def _undone(what: str) -> WotuError:
    return invalid_argument("identifier", f"{what}: somebody else changed the customer meanwhile. Look at it again.")
