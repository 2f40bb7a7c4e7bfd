"""Installs locked packages into an environment: ``install.py ENVIRONMENT LOCK``.

uv does it in an eighth of pip's processor time and unpacks each package once for all environments. It is pinned in the
lock itself and asks where pip is told to ask. Where it does not get along, pip does it.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What pip is told, under the name that uv knows.
NAMES = {
    "index_url": "UV_DEFAULT_INDEX",
    "extra_index_url": "UV_INDEX",
    "find_links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted_host": "UV_INSECURE_HOST",
}
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def main(environment: Path, lock: Path) -> None:
    python = str(environment / "bin" / "python")
    what = ("--no-deps", "--require-hashes", "-r", str(lock))
    uv = _uv(python)
    if uv and not _failed([uv, "pip", "install", "--quiet", "--python", python, *what], _told(python) | os.environ):
        return
    print("uv does not get along here: pip installs", file=sys.stderr)
    sys.exit(_failed([python, *PIP, "install", *what]))


def _failed(command: list[str], environment: dict[str, str] | None = None) -> int:
    return subprocess.run(command, env=environment, check=False).returncode


def _uv(python: str) -> str | None:
    """The pinned uv: the development environment's, or installed into this one."""
    for place in (ROOT / ".venv" / "bin", Path(python).parent):
        if (place / "uv").is_file():
            return str(place / "uv")
    pinned = re.search(r"^uv==.*\n(?: +--hash.*\n)+", (ROOT / "requirements-dev.lock").read_text("utf-8"), re.MULTILINE)
    assert pinned, "requirements-dev.lock pins no uv"
    with tempfile.NamedTemporaryFile("w", suffix=".lock") as alone:
        alone.write(pinned[0])
        alone.flush()
        failed = _failed([python, *PIP, "install", "--require-hashes", "-r", alone.name])
    return None if failed else str(Path(python).with_name("uv"))


def _told(python: str) -> dict[str, str]:
    """pip's configuration as uv's. Hashes decide what is installed, so any index may have it."""
    shown = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    # A value of the environment is listed before one of a file, which is not asked then.
    given = dict(reversed(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)=['\"](.*)['\"]$", shown, re.MULTILINE)))
    told = {
        NAMES[name.replace("-", "_")]: " ".join(value.replace("\\n", " ").split())
        for name, value in given.items()
        if name.replace("-", "_") in NAMES
    }
    if "UV_FIND_LINKS" in told:
        told["UV_FIND_LINKS"] = told["UV_FIND_LINKS"].replace(" ", ",")
    return told | {"UV_INDEX_STRATEGY": "unsafe-best-match"}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
