# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pip with the environment markers of Windows: python windows_pip.py FOLDER_WITH_PIP ARGUMENTS...

pip evaluates markers for the interpreter that runs it. Replacing that one function makes pip's own resolver judge a house as
it would on the host, with another resolver and another marker evaluation than the builder's.
"""
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

HOST: Any = {
    "implementation_name": "cpython",
    "implementation_version": "3.8.10",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_release": "10",
    "platform_system": "Windows",
    "platform_version": "10.0.17763",
    "python_full_version": "3.8.10",
    "python_version": "3.8",
    "sys_platform": "win32",
}

markers.default_environment = HOST.copy
sys.exit(main(sys.argv[2:]))
