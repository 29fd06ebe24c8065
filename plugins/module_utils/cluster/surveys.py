# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The surveys of several hosts, out of the results of their tasks."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SURVEY = "cluster_survey"


def surveys_of(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The state that win_hv_cluster_survey returns, by host, whether it was a task of its own or a section of win_hv_host.

    Hosts that were not reached, were skipped or failed are left out.
    """
    found = {host: _survey(result) for host, result in results.items() if isinstance(result, Mapping)}
    return {host: survey for host, survey in found.items() if survey is not None}


def _survey(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if SURVEY in result:
        return result[SURVEY]
    section = result.get("sections", {}).get(SURVEY)
    return section[SURVEY] if section else None
