# make demo        train, score, export and draw digits from a bare clone, then open the window
# make test        lint, types, import contracts, and the tests
# make lint        ruff, mypy and the import contracts alone
# make slow        the slow tests
# make cluster-test  start a Slurm of two nodes and a database server on this machine, and test with them
# make gpu-check   check everything that needs a GPU; without one, list the checks
# make kills       kill a training 200 times and compare it with one that was never killed (three minutes)
# make fuzz        open 10,000 damaged generators, each in a process of its own (two minutes)
# make soak        use the window at random for an hour, and watch for errors, stuck frames and growth
# make web         build the static web page in dist/web (needs npm)
# make web-test    build the web page and test it in Chromium
# make bundle      build the desktop application as a folder in dist/digitforge
# make bundled     train the bundled generator again (47 minutes of training on two CPU cores)
# make clean       remove the environment and the caches
PYTHON ?= python3
RUN ?= runs/demo
# The extra with onnxruntime, `gpu` or `cpu`; exactly one can be installed.
RUNTIME ?= $(if $(shell command -v nvidia-smi),gpu,cpu)

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --constraint constraints.txt --disable-pip-version-check
TRAIN := $(BIN)/accelerate launch --quiet --config_file accelerate_config.yaml trainer/train.py

.PHONY: demo test lint slow cluster-test gpu-check kills fuzz soak web web-test bundle bundled clean

demo: .venv/installed
	$(TRAIN) --preset quickstart --run-dir $(RUN)
	$(BIN)/python -m trainer.score $(RUN)
	$(BIN)/python -m export.onnx $(RUN)
	$(BIN)/python -m viewer.gallery $(RUN)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	  echo "Opening the window. To open it again: $(BIN)/python -m viewer $(RUN)"; $(BIN)/python -m viewer $(RUN); \
	else echo "There is no display here. Where there is one: $(BIN)/python -m viewer $(RUN)"; fi

test: lint
	$(BIN)/python -m pytest -m "not slow and not cluster"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

slow: .venv/installed-dev
	$(BIN)/python -m pytest -m slow

cluster-test: .venv/installed-dev
	$(BIN)/python -m pytest -m cluster

gpu-check: .venv/installed
	$(BIN)/python -m proofs.gpu_check

kills: .venv/installed
	$(BIN)/python -m proofs.kills --json bench/results/kills.json

fuzz: .venv/installed-dev
	$(BIN)/python -m proofs.fuzz --json bench/results/fuzz.json

soak: .venv/installed-dev
	$(BIN)/python -m proofs.soak --json bench/results/soak.json

bundled: .venv/installed
	$(TRAIN) --preset digits --dataset mnist --run-dir runs/digits --score-every 500000 --score-count 10000
	$(BIN)/python -m export.onnx runs/digits --out viewer/models/digits.onnx
	cp runs/digits/log.jsonl viewer/models/digits.log.jsonl
	$(BIN)/python -m trainer.score viewer/models/digits.onnx --embed --json bench/results/score-digits.json

bundle:
	rm -rf build/bundle && $(PYTHON) -m venv build/bundle/venv
	build/bundle/venv/bin/python -m pip install --quiet --constraint constraints.txt \
	  --disable-pip-version-check ".[viewer,cpu,bundle]"
	build/bundle/venv/bin/pyinstaller --noconfirm --log-level ERROR --distpath dist --workpath build/bundle \
	  packaging/digitforge.spec
	rm -rf build/bundle
	@echo "dist/digitforge is ready: $$(du -sh dist/digitforge | cut -f1). Start it with dist/digitforge/digitforge"

web:
	npm ci --prefix web --ignore-scripts --no-audit --no-fund --silent
	rm -rf dist/web && mkdir -p dist/web/runtime
	cp web/index.html web/style.css web/app.js web/generator.js viewer/models/digits.onnx dist/web/
	cd web/node_modules/onnxruntime-web/dist && cp ort.wasm.min.mjs ort-wasm-simd-threaded.mjs \
	  ort-wasm-simd-threaded.wasm $(CURDIR)/dist/web/runtime/
	@echo "dist/web is ready for any web server; to look at it: python3 -m http.server --directory dist/web"

web-test: web .venv/installed-dev
	$(PIP) --quiet --editable ".[web]"
	$(BIN)/python -m pytest tests/flows/test_web_page.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "digitforge needs Python 3.11 or later. Name it, for example: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing the dependencies once, which takes some minutes (6.5 GB with PyTorch's CUDA libraries)."
	$(PIP) --editable ".[train,viewer,$(RUNTIME)]"
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing the tools that the tests need."
	$(PIP) --quiet --editable ".[train,viewer,$(RUNTIME),dev]"
	@touch $@
