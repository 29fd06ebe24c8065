#!/usr/bin/env bash
# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# Runs `ansible-test sanity` on what git would hold of the checkout. ansible-test wants a real folder of the collection's name
# under git, and keeps its caches below HOME; both are made in build/sanity.
# usage: sanity.sh [ARGUMENTS FOR ansible-test sanity]
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/build/sanity
copy=$work/ansible_collections/winstack/hyperv
rm -rf "$copy"
mkdir -p "$copy" "$work/home"
git ls-files -z --cached --others --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --create --null --files-from=- | tar --extract --directory "$copy"
git -C "$copy" init --quiet
git -C "$copy" add --all

# A user's own settings for pip stay in force below the other HOME.
for settings in .config/pip .pip; do
  [ ! -e "$HOME/$settings" ] || { mkdir -p "$work/home/$(dirname "$settings")"; ln -sfn "$HOME/$settings" "$work/home/$settings"; }
done
export HOME=$work/home
python tools/prepare_ansible_test.py

# Not run, because each needs what a fresh machine lacks:
#   pslint      PowerShell (pwsh) with PSScriptAnalyzer; tests/unit/test_win_cmdlets_ps1.py checks the one PowerShell file
#   shellcheck  the program shellcheck
skip=()
command -v pwsh >/dev/null || skip+=(pslint)
command -v shellcheck >/dev/null || skip+=(shellcheck)
echo "ansible-test sanity without: ${skip[*]:-nothing} (program not on the PATH)"

python=$(python -c 'import sys; print("{}.{}".format(*sys.version_info))')
cd "$copy"
ansible-test sanity --local --requirements --color no --python "$python" "${skip[@]/#/--skip-test=}" "$@"
