# Every command of the project. `make help` lists them.
PYTHON ?= python3
ROWS ?= 1000000
BIN := .venv/bin

# Sample data goes into the embedded PostgreSQL only, never into one that somebody named.
DEMO := $(if $(DATABASE_URL)$(shell grep -s '^ *DATABASE_URL=' .env),,--demo)

.DEFAULT_GOAL := help
.PHONY: help run test bench screenshots lighthouse check security faults faults-full format messages lock clean

help: ## Say what each command does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.venv/run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: .venv/run ## Serve the desk with a sample catalog at http://127.0.0.1:8080
	@$(BIN)/python run.py serve $(DEMO)

test: .venv/dev ## Run every test
	$(BIN)/python -m pytest -n auto $(TESTS)

bench: .venv/run ## Measure all figures with a catalog of ROWS SKUs (curl and wrk have to be there)
	@$(BIN)/python -m bench --rows $(ROWS)

screenshots: .venv/dev ## Make the pictures in docs/screenshots anew (Chromium has to be there)
	@$(BIN)/python -m tests.browser.screenshots

lighthouse: .venv/dev ## Let Lighthouse judge the main pages (npx and Chromium have to be there)
	@$(BIN)/python -m tests.browser.lighthouse

check: .venv/dev ## Check the form of code, types, templates and SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --check --lint --quiet templates
	$(BIN)/sqlfluff lint sql
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive web run.py

security: .venv/dev ## Send 100,000 malformed requests, then scan with schemathesis, sqlmap and wapiti3
	HANGTAG_MALFORMED=100000 $(BIN)/python -m pytest -q tests/security
	$(BIN)/python -m tests.security.scan

faults: .venv/dev ## Break things for about five minutes, and print what came of it
	HANGTAG_FAULTS=some $(BIN)/python -m pytest -q tests/faults

faults-full: .venv/dev ## The same with the sizes that are meant in the end: it takes long
	HANGTAG_FAULTS=all $(BIN)/python -m pytest -q tests/faults

format: .venv/dev ## Bring code, templates and SQL into form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet templates || true
	$(BIN)/sqlfluff fix --force sql

messages: .venv/dev ## Collect the texts of code and templates for the translators, in web/locale
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --keyword marked --keyword marked_plural:1,2 \
		--no-wrap --add-location file --sort-by-file --output .venv/hangtag.pot .
	@for language in $(notdir $(wildcard web/locale/*)); do $(BIN)/pybabel --quiet update \
		--input-file .venv/hangtag.pot --domain hangtag --locale $$language \
		--output-file web/locale/$$language/hangtag.po --no-fuzzy-matching --ignore-obsolete \
		--width 100 --ignore-pot-creation-date; done

lock: .venv/dev ## Compile requirements*.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" \
		--output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --constraint requirements.txt \
		--output-file requirements-dev.txt --group dev pyproject.toml

clean: ## Remove what the commands made, except the data in var/
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
