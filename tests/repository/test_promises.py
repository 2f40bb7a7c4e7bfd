"""What the repository promises about itself: no addresses of package indexes, locks that match, licences."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Licences under which the base may not depend on anything.
COPYLEFT = re.compile(r"\bA?GPL", re.IGNORECASE)


def _pinned(lock: str) -> dict[str, str]:
    return dict(
        re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ \\;]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    )


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(_pinned(lock)) > 20


def test_locks_pin_what_the_project_asks_for() -> None:
    extras = PROJECT["optional-dependencies"]
    base = [*PROJECT["dependencies"], *extras["demo"]]
    everything = [*base, *(entry for entries in extras.values() for entry in entries if not entry.startswith("wotu"))]
    assert {_name(entry) for entry in base} <= set(_pinned("requirements.lock"))
    assert {_name(entry) for entry in everything} <= set(_pinned("requirements-dev.lock"))


def test_the_base_depends_on_nothing_copyleft() -> None:
    found = {}
    for name in _pinned("requirements.lock"):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or Python
        licences = [about.get("License-Expression") or "", *(about.get_all("Classifier") or [])]
        if COPYLEFT.search(" ".join(licences).replace("LGPL", "")):
            found[name] = licences
    assert found == {}


def test_tree_names_no_package_index_and_no_home_folder() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    # Put together here, so that this file does not hold what it looks for.
    forbidden = re.compile("|".join(["index" + "-url", "pypi" + r"\.org/simple", "/ro" + "ot/", "/ho" + "me/[a-z]"]))
    found = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".png", ".xlsx", ".parquet"} or not path.is_file():
            continue
        if forbidden.search(path.read_text("utf-8", errors="replace")):
            found.append(name)
    assert found == []


def test_every_make_target_has_help() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)[1].split())  # type: ignore[index]
    helped = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert phony == helped
