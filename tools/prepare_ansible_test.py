# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fills ansible-test's cache so that `ansible-test sanity --local --requirements` needs PyPI only.

ansible-test bootstraps pip in its virtual environments with a script that it downloads from a site of its own. This puts a
script of the same name there that uses pip's wheel from PyPI. Runs with the Python that has ansible-core, for the HOME it is given.
"""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ansible_test

BOOTSTRAP = """\
import sys
sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main
sys.exit(main(["install", "--upgrade", *(a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel"))]))
"""


def pip_versions() -> list[str]:
    """Every version of pip that this ansible-core may bootstrap, whichever Python it tests with."""
    source = Path(ansible_test.__path__[0], "_internal/python_requirements.py").read_text()
    return sorted(set(re.findall(r"\bpip\b['\"]?\s*[=:]\s*['\"](\d+\.[\d.]+)['\"]", source)))


def seed(cache: Path, version: str) -> None:
    """Puts pip's wheel and a script that bootstraps from it into the cache, under the name that ansible-test looks for."""
    wheel = cache / f"pip-{version}-py3-none-any.whl"
    if not wheel.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), f"pip=={version}"]
        subprocess.run(download, check=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP.format(wheel=str(wheel)))


def main() -> None:
    versions = pip_versions()
    if not versions:
        sys.exit("This ansible-core names no version of pip in ansible_test/_internal/python_requirements.py.")
    cache = Path.home() / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        seed(cache, version)


if __name__ == "__main__":
    main()
