#!/bin/sh
# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# Creates a virtual environment with the first suitable Python on the PATH.
# usage: create_venv.sh FOLDER      (PYTHON=/path/to/python3 chooses one)
set -eu
folder=$1

# The versions that the pinned ansible-core supports come first.
for python in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
  [ -n "$python" ] || continue
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python has no venv module; passed over (Debian and Ubuntu: apt-get install python3-venv)" >&2
    continue
  fi
  exec "$python" -m venv --clear "$folder"
done
echo "No usable Python 3.11 or newer on the PATH. Install one with its venv module, or set PYTHON=/path/to/python3." >&2
exit 1
