"""Run the benchmark programs (all, or those named), each in a process of its own, and print one JSON document.

``--small`` asks only whether everything still runs and answers as its peers do. ``--table`` prints the
Markdown tables for the documentation instead.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from measuring import Json, machine

PROGRAMS = ("import_orders", "timelines", "behaviour", "rfm", "identifiers", "collector", "live", "ledger")
_HERE = Path(__file__).parent


def run(name: str, options: list[str]) -> tuple[Json | str, Json]:
    """What the program printed, and how it went."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, str(_HERE / f"{name}.py"), *options], stdout=subprocess.PIPE, text=True)
    went = {
        "exit": done.returncode,
        "seconds": round(time.perf_counter() - start, 1),
        # The largest process so far: its own children included.
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    try:
        return json.loads(done.stdout)["result"], went
    except ValueError:
        return done.stdout, went


def main() -> int:
    """The exit code is 1 when any program failed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="program", help=f"of {', '.join(PROGRAMS)}")
    parser.add_argument("--small", action="store_true", help="a fiftieth of the sizes")
    parser.add_argument("--table", action="store_true", help="Markdown tables")
    options = parser.parse_args()
    unknown = sorted(set(options.programs) - set(PROGRAMS))
    if unknown:
        parser.error(f"no program is named {unknown[0]!r}; there are {', '.join(PROGRAMS)}")
    passed = [flag for flag in ("--small", "--table") if getattr(options, flag[2:])]
    document: Json = {"machine": machine(), "small": options.small, "programs": {}}
    for name in options.programs or PROGRAMS:
        printed, went = run(name, passed)
        if options.table and isinstance(printed, str):
            sys.stdout.write(f"### {name}\n\n{printed}\n")
        document["programs"][name] = {"went": went, "result": printed}
    if not options.table:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return int(any(program["went"]["exit"] for program in document["programs"].values()))


if __name__ == "__main__":
    sys.exit(main())
