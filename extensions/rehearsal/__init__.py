# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Simulated Windows servers that real clients reach over real WinRM on loopback. docs/rehearsal.md is the manual."""
