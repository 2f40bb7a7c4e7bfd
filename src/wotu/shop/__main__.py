"""``python -m wotu.shop ADDRESS HOST PORT``: the shop of the Wotu server at ADDRESS, until that server ends."""

from __future__ import annotations

import os
import sys

from wotu.core.parent_process import end_with_parent
from wotu.shop.client import Client
from wotu.shop.server import Shop


def main() -> None:
    """Serve. The key is taken out of the environment, so that no process of ours inherits it."""
    end_with_parent()
    address, host, port = sys.argv[1:4]
    Shop(Client(address, os.environ.pop("WOTU_SHOP_KEY")), host, int(port)).serve_forever()


if __name__ == "__main__":
    main()
