# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The OpenStack releases: which ones can run the driver, and which control planes accept it."""
from __future__ import annotations

# Releases with a catalogue, oldest first.
RELEASES = ("yoga", "zed", "2023.1", "2023.2")

# Nova removed the [hyperv] options that the driver reads at import (nova commit b068b04372, first in 29.0.0.0rc1).
_WITHOUT_DRIVER = ("2024.1", "2024.2", "2025.1", "2025.2")
_OLDER = ("train", "ussuri", "victoria", "wallaby", "xena")
_CODE_NAMES = {
    "antelope": "2023.1", "bobcat": "2023.2", "caracal": "2024.1", "dalmatian": "2024.2", "epoxy": "2025.1", "flamingo": "2025.2",
}

# Service versions of nova/objects/service.py per branch: what nova-compute reports, and the oldest that a control plane accepts.
_REPORTED = {"yoga": 61, "zed": 64, "2023.1": 66, "2023.2": 66}
_OLDEST_ACCEPTED = {"2023.1": 61, "2023.2": 66, "2024.1": 66, "2024.2": 66, "2025.1": 66, "2025.2": 68}

# The newest microversion of each release's compute API (nova/api/openstack/api_version_request.py of nova 25.3.0 to 32.1.0).
_NEWEST_MICROVERSION = {
    "yoga": "2.90", "zed": "2.93", "2023.1": "2.95", "2023.2": "2.95", "2024.1": "2.96", "2024.2": "2.96", "2025.1": "2.100",
    "2025.2": "2.100",
}

# What upstream tests: a compute service of the same release, of the one before, or of the last SLURP release before a SLURP one.
_TESTED_PAIRS = frozenset({
    ("yoga", "yoga"), ("yoga", "zed"), ("zed", "zed"), ("yoga", "2023.1"), ("zed", "2023.1"), ("2023.1", "2023.1"), ("2023.1", "2023.2"),
    ("2023.2", "2023.2"), ("2023.1", "2024.1"), ("2023.2", "2024.1"),
})
_CONTROL_PLANES = (*RELEASES, *_WITHOUT_DRIVER)


def at_least(release: str, other: str) -> bool:
    """Whether a release with a catalogue is `other` or newer."""
    return RELEASES.index(release) >= RELEASES.index(other)


def release_problem(release: str) -> str:
    """Why no configuration can be written for a release; empty when one can."""
    if release in RELEASES:
        return ""
    return f"release: '{release}': {_reason(_CODE_NAMES.get(release.lower(), release.lower()))}; known are {', '.join(RELEASES)}"


def _reason(release: str) -> str:
    if release in RELEASES:
        return f"write it as '{release}'"
    if release in _OLDER:
        return "there is no option catalogue for a release this old"
    if release in _WITHOUT_DRIVER or (release[:4].isdigit() and release > RELEASES[-1]):
        return (
            "nova 29 (2024.1) and newer cannot load the compute-hyperv driver, because its [hyperv] options were removed; the last release "
            "that can is 2023.2, whose compute service control planes up to 2025.1 accept"
        )
    return "not an OpenStack release"


def control_plane_warning(release: str, control_plane: str) -> str:
    """What to know about a nova-compute of one release under a control plane of another; empty when the pair is a tested one."""
    control_plane = _CODE_NAMES.get(control_plane.lower(), control_plane.lower())
    if (release, control_plane) in _TESTED_PAIRS:
        return ""
    if control_plane not in _CONTROL_PLANES:
        return f"control_plane_release: '{control_plane}' is not known; known are {', '.join(_CONTROL_PLANES)}"
    if _CONTROL_PLANES.index(control_plane) < _CONTROL_PLANES.index(release):
        return f"the control plane ({control_plane}) is older than nova-compute ({release}): upgrade the control plane first"
    if _REPORTED[release] < _OLDEST_ACCEPTED[control_plane]:
        return (
            f"a {control_plane} control plane refuses nova-compute of {release}: it reports service version {_REPORTED[release]}, "
            f"and {_OLDEST_ACCEPTED[control_plane]} is the oldest that is accepted"
        )
    return f"a {control_plane} control plane accepts the service version of nova-compute {release}, but nobody upstream tests the pair"


def control_planes_of(microversion: str) -> tuple[str, ...]:
    """The releases whose compute API ends at this microversion, oldest first; none for one that is not known."""
    return tuple(release for release, newest in _NEWEST_MICROVERSION.items() if newest == microversion)
