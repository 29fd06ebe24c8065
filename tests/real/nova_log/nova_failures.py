# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the real nova fail as it fails on a node: python nova_failures.py CASE CONFIG_FILE. Runs in a release's own environment.

Only what calls nova's code stands in for something; the log is nova's and oslo's own work.
"""
# mypy: ignore-errors
# nova and oslo are in the release's environment, not in the one that mypy sees.
import importlib
import sys
import uuid
from types import SimpleNamespace

import nova.conf
from nova import config
from nova.compute import manager
from nova.scheduler.client import report
from nova.virt import driver
from oslo_log import log as logging
from oslo_service.service import Services

CONF = nova.conf.CONF


def compute_manager():
    made = manager.ComputeManager.__new__(manager.ComputeManager)
    made.host = CONF.host
    return made


def lost_identity():
    """A service that the control plane knows in a version with identities, on a host without its file."""
    compute_manager()._ensure_existing_node_identity(SimpleNamespace(version=66))


def renamed():
    known = SimpleNamespace(uuid=str(uuid.uuid4()), host="former-name")
    compute_manager()._check_for_host_rename({known.uuid: known})


def unclaimed():
    """The last step of a start, with no allocations to look through."""
    compute_manager()._error_out_instances_whose_build_was_interrupted(None, set(), [])


def identity_conflict():
    importlib.import_module("nova.virt.node").get_local_node_uuid()  # not in nova 26


STARTS = {"lost_identity": lost_identity, "renamed": renamed, "unclaimed": unclaimed, "identity_conflict": identity_conflict}

case, config_file = sys.argv[1:]
config.parse_args(["nova-compute", "--config-file", config_file])
logging.setup(CONF, "nova")
if case in STARTS:
    finished = SimpleNamespace(wait=lambda: None)
    Services.run_service(SimpleNamespace(start=STARTS[case]), finished)
elif case == "locks":
    # The step before needs WMI; the locks come next, and before Hyper-V.
    importlib.import_module("compute_hyperv.nova.driver").HyperVDriver._check_minimum_windows_version = lambda self: None
    driver.load_compute_driver(None)
elif case == "placement_failed":
    report.report_client_singleton()
else:
    driver.load_compute_driver(None)
