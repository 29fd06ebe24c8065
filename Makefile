# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# Everything that is built or installed lands in .venv and build; `make clean` removes both.
VENV := $(CURDIR)/.venv
COLLECTION := build/collections/ansible_collections/winstack/hyperv
INSTALLED := $(VENV)/.installed

export PATH := $(VENV)/bin:$(PATH)
# For programs that do not read ansible.cfg, or run elsewhere (molecule, ansible-lint).
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export ANSIBLE_NOCOWS := 1

# What `make wheelhouse` builds.
RELEASE := 2023.2

# What ansible-lint, ruff and mypy read.
PLAYS := playbooks roles extensions/molecule
PYTHON_CODE := plugins extensions/rehearsal tests tools $(wildcard benchmarks/*.py)

# Tests that play on the rehearsal mostly wait for simulated restarts.
WORKERS := 4
SCENARIOS := $(notdir $(patsubst %/molecule.yml,%,$(wildcard extensions/molecule/*/molecule.yml)))

.DEFAULT_GOAL := help
.PHONY: help setup link lint sanity unit integration molecule test test-long test-real rehearse wheelhouse bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) link ## Create .venv with everything that development and the rehearsal need

$(VENV)/bin/python:
	tools/create_venv.sh $(VENV)

$(INSTALLED): constraints.txt requirements.txt requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt -e .
	touch $@

link: ## Make the checkout a collection that Ansible finds
	@mkdir -p $(dir $(COLLECTION))
	@ln -sfn ../../../.. $(COLLECTION)

rehearse: setup ## Run site.yml twice on the example lab of simulated Windows servers and report
	python tools/rehearse.py

wheelhouse: setup ## Build the driver's archive from PyPI into build/wheelhouse; RELEASE=2023.2 names the release
	python -m tools.wheelhouse --release $(RELEASE) --output build/wheelhouse

test: setup ## Everything that needs no real server: lint, sanity, molecule, unit and integration tests
	$(MAKE) --no-print-directory --jobs 3 --output-sync=target lint sanity molecule
	pytest -n $(WORKERS) -m "not long" tests/unit tests/integration

test-long: setup ## Whole deployments that are interrupted, updated, clustered; against the simulation, too
	pytest -n $(WORKERS) -m long tests/integration

lint: setup ## ruff, mypy, yamllint, ansible-lint, changelog and documentation checks
	ruff check
	mypy $(PYTHON_CODE)
	yamllint --strict .
	ansible-lint $(PLAYS)
	antsibull-changelog lint
	python -m rehearsal.coverage --check
	antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck .

sanity: setup ## ansible-test sanity: validate-modules, pep8, pylint and the others that need no PowerShell
	tools/sanity.sh

unit: setup ## Unit tests
	pytest tests/unit

integration: setup ## Tests that reach the rehearsal through Ansible and pywinrm
	pytest -n $(WORKERS) tests/integration

molecule: $(SCENARIOS:%=molecule-%) ## The molecule scenarios, their hosts made by the rehearsal; molecule-cluster runs one

molecule-%: setup
	molecule test --scenario-name $*

test-real: setup ## Tests against real packages and real servers (Debian packages, needs root)
	pytest tests/real

bench: rehearse ## Check the rehearsal's figures against the budgets
	pytest benchmarks

lock: setup ## Resolve requirements-dev.txt anew for Python 3.11 and newer, into constraints.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
		--output-file constraints.txt requirements-dev.txt pyproject.toml

clean: ## Stop a running lab and remove build and .venv
	@if [ -x $(VENV)/bin/python ] && [ -d build/rehearsal ]; then python -m rehearsal down; fi
	rm -rf build $(VENV)
