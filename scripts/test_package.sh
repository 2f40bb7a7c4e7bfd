#!/bin/sh
# Builds the wheel, installs it into a clean environment and runs the demo on 200 customers there.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$folder" .
"$folder/venv/bin/python" scripts/install.py "$folder/venv" requirements.lock
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$folder"/wotu-*.whl
cd "$folder"
venv/bin/wotu demo --no-serve --customers 200 --workspace "$folder/workspace"
venv/bin/wotu doctor --workspace "$folder/workspace"
# The console's translations and static files must be in the wheel too.
venv/bin/python - <<'PY'
from importlib.resources import files
console = files("wotu.console")
assert (console / "locale/zh_Hans/LC_MESSAGES/django.mo").is_file(), "no compiled translations in the wheel"
assert any((console / "static/console").iterdir()), "no static files in the wheel"
PY
echo "package: 1 passed, 0 failed"
cd "$root"
