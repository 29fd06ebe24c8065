# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nova.conf and neutron_hyperv_agent.conf: what may stand in them, how they are written and read. See docs/nova-conf.md.

The modules, in the order in which a value passes them: releases, catalogue (what options exist), values (an option's type),
syntax (oslo.config's file grammar), content (a file's options), structured (the modules' own options), rules (what belongs
together), engine (all of it).
"""
