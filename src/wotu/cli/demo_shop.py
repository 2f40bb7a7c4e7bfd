"""Opens the demo's shop beside the server: a process with a key of its own, which ends with the server."""

from __future__ import annotations

import socket
import subprocess
import sys

from wotu.accounts.choices import Role
from wotu.accounts.key_services import create_key, revoke_key
from wotu.accounts.reads import known_keys
from wotu.core.parent_process import as_parent

NAME = "demo-shop"


def open_shop(server: str, host: str, port: int) -> str:
    """Start the shop of ``server`` at the first free port from ``port`` on; its address.

    The key of an earlier shop is revoked. Django has been set up.
    """
    for key in known_keys():
        if key.name == NAME and key.state == "active":
            revoke_key(key.id)
    made = create_key(kind="api", name=NAME, role=Role.MARKETER)
    taken = _free(host, port)
    environment = {**as_parent(), "WOTU_SHOP_KEY": made.text}
    subprocess.Popen([sys.executable, "-m", "wotu.shop", server, host, str(taken)], env=environment)
    return f"http://{host}:{taken}"


def _free(host: str, port: int) -> int:
    for wanted in range(port, port + 20):
        with socket.socket() as probe:
            if probe.connect_ex((host, wanted)) != 0:
                return wanted
    return port
