"""What the fork server of ``tests.forked`` imports once for all processes that come from it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from wotu.core.without_pandas import leave_pandas_out

# As every program of ours does.
leave_pandas_out()
for _name in ("hypothesis", "pytest"):
    import_module(_name)
# These import the rooms below them.
for _room in ("collect", "settle", "workspace"):
    for _module in iter_modules(import_module(f"wotu.{_room}").__path__, f"wotu.{_room}."):
        import_module(_module.name)
if find_spec("django") is not None:
    from tests.console.site import configure

    configure()
    for _name in ("tests.loyalty.carts", "tests.loyalty.following", "wotu.site.urls"):
        import_module(_name)
