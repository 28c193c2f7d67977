# Every target makes .venv by itself when it is needed. INVENTORY=FILE chooses another cluster.
VENV := .venv
FAB := $(VENV)/bin/fab
PYTEST := $(VENV)/bin/pytest
READY := $(VENV)/.ready
RIVALS := .venv-bench
SITE := .venv-site
LAB := INVENTORY=lab/hosts.ini
# How often `make stress` runs its TESTS.
N := 5

.DEFAULT_GOAL := help
.PHONY: help setup cluster verify plan lab lab-up lab-down lab-reset failover unit nightly coverage test stress lint bench bench-quick docs record site lock

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make .venv from requirements.lock

$(READY): requirements.lock
	@./setup.sh $(VENV)
	@touch $@

cluster: $(READY) ## Deploy every chapter to the hosts of hosts.ini, then run the suite
	$(FAB) deploy-cluster
	$(PYTEST) verify/ -q --report=acceptance.html

verify: $(READY) ## Run the acceptance suite against the hosts of hosts.ini
	$(PYTEST) verify/

plan: $(READY) ## Print what a deploy would do now, and why
	@$(FAB) plan

lab: lab-up ## Four hosts on this machine: bring up, deploy, run the suite, show what runs where
	$(LAB) $(FAB) deploy-cluster
	$(LAB) $(PYTEST) verify/ -q --report=lab/acceptance.html
	@$(LAB) $(FAB) status

lab-up: $(READY) ## Only bring the lab's hosts up
	$(FAB) lab.up

lab-down: $(READY) ## Remove the lab's hosts; images and their layers stay
	$(FAB) lab.down

lab-reset: $(READY) ## Make the lab's hosts as freshly installed
	$(FAB) lab.reset

failover: $(READY) ## Kill every leader of the running lab in turn, and see it heal
	$(LAB) $(PYTEST) verify/test_failover.py --destructive \
		--stop-host='$(FAB) lab.stop --node {host}' --start-host='$(FAB) lab.start --node {host}'

# Python keeps what it makes of sources, else the start of pytest takes twice as long, and every fab a third longer.
unit test: export PYTHONDONTWRITEBYTECODE :=
unit: $(READY) ## Our own tests that need no lab
	$(PYTEST) tests/unit tests/hostile -q -n 3 --dist worksteal

nightly: $(READY) ## Try 10,000 examples on every parser of answers and values; kill runs in the lab at every step
	$(PYTEST) tests/unit/test_border.py tests/unit/test_any_answer.py tests/unit/test_hearing.py tests/unit/test_json_values.py -q -n 3 --dist worksteal --hypothesis-profile=nightly
	$(PYTEST) tests/lab -q -k killed_runs --hypothesis-profile=nightly

coverage: $(READY) ## How much of tasks/ the unit tests reach
	$(VENV)/bin/coverage run --source=tasks -m pytest tests/unit -q
	$(VENV)/bin/coverage report --skip-covered --skip-empty

# Style and types are checked while the lab's images are built, which takes one core; told only if they are not well.
test: $(READY) ## All our own tests, and lint; brings the lab up by itself
	@make -s lint >.lint 2>&1 & lint=$$!; $(CHANCES) tests/all; code=$$?; \
		wait $$lint || { cat .lint; exit 1; }; exit $$code

stress: $(READY) ## TESTS="FILE::TEST ..." N=5: run them N times on a busy machine, say how often each passed
	@$(VENV)/bin/python tests/stress.py $(N) $(TESTS)

# mypy takes a module's name but once, and each of these has a conftest.py.
lint: $(READY) ## Check style and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy tasks pages picture verify lab bench/*.py conftest.py fabfile.py
	$(VENV)/bin/mypy tests/*.py
	$(VENV)/bin/mypy tests/unit tests/hostile
	$(VENV)/bin/mypy tests/lab
	$(VENV)/bin/mypy tests/contract
	$(VENV)/bin/mypy tests/browser

bench: $(READY) $(RIVALS)/.ready ## Race Ansible, pyinfra and plain ssh over the lab; writes docs/performance.md
	$(VENV)/bin/python -m bench $(CASES)

bench-quick: $(READY) $(RIVALS)/.ready ## One round of two of its cases, on four hosts
	$(VENV)/bin/python -m bench --quick

$(RIVALS)/.ready: bench/requirements.txt
	@./setup.sh $(RIVALS) bench/requirements.txt
	@touch $@

docs: $(READY) ## Write the pages and draw the pictures that are made from the code
	$(VENV)/bin/python tests/mistakes.py
	$(VENV)/bin/python tests/page.py
	$(VENV)/bin/python tests/film.py
	$(VENV)/bin/python tests/browser/pictures.py

record: lab-up lab-reset ## Record a first deploy of the lab in a terminal, for `make docs` to draw
	$(LAB) $(VENV)/bin/python tests/record.py docs/deploy.cast $(FAB) deploy-cluster

site: $(SITE)/.ready ## Build README and docs/ into a searchable site, .site/html
	@rm -rf .site && mkdir -p .site/pages && cp -r *.md LICENSE docs .site/pages && cp docs/site.toml .site/zensical.toml
	@cd .site && ../$(SITE)/bin/zensical build --strict
	@echo 'Read it: python3 -m http.server --bind 127.0.0.1 --directory .site/html 8000'

$(SITE)/.ready: docs/requirements.txt
	@./setup.sh $(SITE) docs/requirements.txt
	@touch $@

lock: $(READY) ## Resolve pyproject.toml into requirements.lock with the newest versions
	$(VENV)/bin/pip install -q uv
	$(VENV)/bin/uv pip compile pyproject.toml --extra lab --extra ansible --extra dev --universal \
		--generate-hashes --python-version 3.11 --no-header --upgrade -q -o requirements.lock
