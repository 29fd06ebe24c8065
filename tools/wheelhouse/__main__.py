# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command: one release in, one archive out, or a refusal that says why."""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ..option_catalogue.environments import RELEASES
from . import HouseRefused
from .archive import manifest, write_archive
from .gather import gather
from .judge import read_wheels, require_closure, require_same_offline
from .sources import choose, requirements, resolve
from .target import PLATFORM

REFUSED = {
    "yoga": "its constraints pin yappi 1.3.3, a C extension of oslo.service without a Windows wheel, so the host would need a C compiler",
}


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parse(arguments)
    if chosen.release in REFUSED:
        print(f"{chosen.release} cannot be had as a wheelhouse: {REFUSED[chosen.release]}.", file=sys.stderr)
        return 1
    try:
        report = build(chosen.release, chosen.output, neutron_agent=chosen.neutron_agent)
    except HouseRefused as refused:
        print(f"{chosen.release}: {refused}", file=sys.stderr)
        return 1
    print(json.dumps(report, indent=1))
    return 0


def build(release_name: str, output: Path, *, neutron_agent: bool) -> dict[str, object]:
    """Builds and judges one house; the report that is printed. Raises HouseRefused."""
    started = time.monotonic()
    release = RELEASES[release_name]
    wanted = requirements(release, neutron_agent=neutron_agent)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".building-") as scratch:
        folder = Path(scratch) / "wheels"
        sources = choose(resolve(wanted, release.constraints, Path(scratch)))
        built = gather(sources, folder)
        wheels = read_wheels(folder)
        require_closure(wheels, wanted)
        require_same_offline(wheels, wanted, folder)
        about = manifest(release_name, wanted, wheels, built)
        path = output / f"nova-hyperv-{release_name}{'-neutron' if neutron_agent else ''}-cp38-{PLATFORM}.zip"
        sha256 = write_archive(path, folder, wheels, about)
    return {
        "archive": str(path),
        "sha256": sha256,
        "wheels": len(wheels),
        "built": list(built),
        "native": len(about["native"]),
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "seconds": round(time.monotonic() - started, 1),
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.wheelhouse",
        description="Builds the archive that win_hv_driver_wheelhouse installs: every wheel that nova and the Hyper-V driver need on "
        "Python 3.8 x64 on Windows, with a lock file. Needs PyPI (or UV_DEFAULT_INDEX and pip's own settings) and no compiler.",
    )
    parser.add_argument("--release", required=True, choices=sorted(RELEASES), help="the OpenStack release")
    parser.add_argument("--output", type=Path, default=Path("build/wheelhouse"), help="the folder of the archive (%(default)s)")
    parser.add_argument("--neutron-agent", action="store_true", help="with neutron and networking-hyperv, for neutron-hyperv-agent")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
