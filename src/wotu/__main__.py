"""``python -m wotu``."""

from wotu.cli.main import main

raise SystemExit(main())
