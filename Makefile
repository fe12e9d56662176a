# Two commands do everything: `make serve` and `make test`. Both make the environment first.
PYTHON ?= python3.11
PORT ?= 8000
UI_PORT ?= 7860
# URL of another package index for torch, such as PyTorch's own index of CPU builds. Unset: pip's configured index decides.
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_TORCH := $(PIP) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: install serve ui test unit check lock train clean

install: $(VENV)/serve.stamp  ## the environment for serving, from requirements/serve.lock

$(VENV)/bin/python:
	@echo "Making the environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/serve.stamp: requirements/serve.lock | $(VENV)/bin/python
	@echo "Installing what serving needs from $< (one to three minutes)"
	@$(PIP_TORCH) -r $<
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock | $(VENV)/bin/python
	@echo "Installing what serving and its tests need from $< (one to three minutes)"
	@$(PIP_TORCH) -r $<
	@touch $@ $(VENV)/serve.stamp $(VENV)/ui.stamp

serve: $(VENV)/serve.stamp  ## serve the bundled model on http://127.0.0.1:$(PORT)
	@exec $(BIN)/python -m serve_app --port $(PORT)

$(VENV)/ui.stamp: requirements/ui.lock | $(VENV)/serve.stamp
	@echo "Installing what the web page needs from $<"
	@$(PIP) -r $<
	@touch $@

ui: $(VENV)/ui.stamp  ## the service, and a web page for people on http://127.0.0.1:$(UI_PORT)
	@$(BIN)/python -m gradio_ui --service http://127.0.0.1:$(PORT) --port $(UI_PORT) & page=$$!; \
	trap 'kill $$page 2>/dev/null' EXIT; $(BIN)/python -m serve_app --port $(PORT)

check: $(VENV)/dev.stamp  ## lint, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py

unit: $(VENV)/dev.stamp  ## the tests that start no Ray and no browser, about a minute
	$(BIN)/python -m pytest -q -m "not cluster and not quality" --ignore tests/browser

test: check  ## everything, from unit tests to a real local Ray and a real browser
	@command -v chromium >/dev/null || (apt-get install -y chromium >/dev/null 2>&1) || echo "no chromium: browser tests are skipped"
	@command -v prometheus >/dev/null || (apt-get install -y prometheus >/dev/null 2>&1) || echo "no prometheus: its tests are skipped"
	@command -v g++ >/dev/null || (apt-get install -y g++ >/dev/null 2>&1) || echo "no g++: tests of compile fail"
	$(BIN)/python -m pytest -q

lock:  ## resolve requirements/*.lock again (needs uv on the path, and an index of torch's CPU builds: UV_ARGS="--find-links …")
	rm -f requirements/*.lock  # uv would keep to what they say
	uv pip compile pyproject.toml --extra aws $(UV_ARGS) --python-version 3.11 -c requirements/constraints.txt \
		--custom-compile-command "make lock" -q -o requirements/serve.lock
	uv pip compile requirements/ui.in $(UV_ARGS) --python-version 3.11 -c requirements/constraints.txt \
		--custom-compile-command "make lock" -q -o requirements/ui.lock
	uv pip compile pyproject.toml --extra dev --extra ui --extra aws --extra deploy --extra neuron --extra bench $(UV_ARGS) --python-version 3.11 -c requirements/constraints.txt \
		--custom-compile-command "make lock" -q -o requirements/dev.lock
	sed -i 's/+cpu//' requirements/*.lock

train: $(VENV)/serve.stamp  ## train the bundled model again (an hour and a half on two cores)
	$(BIN)/python -m demo_model.train
	$(BIN)/python -m demo_model.evaluate

clean:
	rm -rf $(VENV) build dist *.egg-info
