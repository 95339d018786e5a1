# Everything a contributor does has a name here. A fresh machine needs Python,
# a C compiler and a package index; the rest is installed into VENV on first use.

PYTHON ?= python3
VENV ?= $(or $(VIRTUAL_ENV),.venv)
JOBS ?= 2
PY := $(VENV)/bin/python
# Tests of timing share their machine with others: a failed one gets two more chances,
# and the summary names it.
PYTEST := $(PY) -m pytest -n $(JOBS) --reruns 2

SOURCES := $(shell find src -name '*.py' -o -name '*.pyx' -o -name '*.pxd')
INTERPRETED := $(CURDIR)/build/interpreted
# Tests of behaviour run in both modes; tests/shape looks at files, once is enough.
BEHAVIOUR := $(filter-out tests/shape,$(patsubst %/,%,$(wildcard tests/*/)))
BEHAVIOUR := $(filter-out %/support %/vectors %/__pycache__,$(BEHAVIOUR))

.PHONY: help build demo test compiled interpreted portable fuzzed soak lint docs changelog bench micro check clean fuzz guided sanitize

help:
	@echo "make demo    see the proxy at work, with real servers and real traffic"
	@echo "make test    run all tests, compiled and interpreted"
	@echo "make build   compile the hot path in place, into $(VENV)"
	@echo "make lint    formatting, style and types"
	@echo "make check   lint and test: run it before you hand in"
	@echo "make fuzz    mutated input against every parser, FUZZ_SECONDS each"
	@echo "make sanitize  tests on modules built with sanitizers"
	@echo "make bench   compare with the C program on this machine"
	@echo "make micro   time parsers, hashes and the ring alone"
	@echo "make soak    storm and crowd for minutes instead of seconds"
	@echo "make docs    write the pages that are made from tables"
	@echo "make clean   remove what the above has made, but not $(VENV)"

build: $(VENV)/.extra-demo
	$(PY) setup.py -q build_ext --inplace -j $(JOBS)

demo: build
	$(PY) -m twemproxy.demo $(ARGS)

test: compiled interpreted portable fuzzed

compiled: $(VENV)/.extra-test build
	.ci/servers
	$(PYTEST) --mode compiled tests

interpreted: $(VENV)/.extra-test $(INTERPRETED)
	PYTHONPATH=$(INTERPRETED) $(PYTEST) --mode interpreted $(BEHAVIOUR)

# The poller for systems without epoll, driven by whole-program tests.
portable: $(VENV)/.extra-test build
	$(PYTEST) --mode compiled --poller portable tests/system

# All fuzz targets for a few seconds, which is what fits a run of all tests; `make fuzz`
# gives them minutes. Each run has a seed of its own and prints it.
fuzzed: $(VENV)/.extra-test build
	.ci/servers
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),6) $(PY) -m fuzz --jobs $(JOBS)

# Minutes instead of seconds in the storm and in the crowd.
soak: $(VENV)/.extra-test build
	STORM_SECONDS=600 CONSISTENCY_SECONDS=120 $(PY) -m pytest --timeout 1200 \
	    tests/adversity/test_storm.py tests/system/test_consistency.py

# FUZZ_SECONDS is the time of each target, 60 unless said; FUZZ_SEED=N repeats a run.
fuzz: $(VENV)/.extra-test build
	.ci/servers
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) $(PY) -m fuzz --jobs $(JOBS) $(TARGET)

# The same with coverage as a guide: make guided TARGET=redis_request
guided: $(VENV)/.extra-test $(INTERPRETED)
	$(PY) -m pip install -q --disable-pip-version-check atheris
	PYTHONPATH=$(INTERPRETED) $(PY) -m fuzz.guided $(TARGET)

# Modules that stop at the first wrong access or undefined result, and all that
# drives them. The interpreter's own leaks are not our business.
SANITIZED := build/sanitized
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined

sanitize: $(VENV)/.extra-test
	.ci/servers
	CFLAGS="$(SANITIZERS) -fno-omit-frame-pointer" LDFLAGS="$(SANITIZERS)" \
	    $(PY) setup.py -q build_py --build-lib $(SANITIZED) \
	    build_ext --build-lib $(SANITIZED) --build-temp build/temp-sanitized -j $(JOBS)
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	    ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1:use_sigaltstack=0 PYTHONMALLOC=malloc PYTHONPATH=$(SANITIZED) \
	    $(PYTEST) --mode sanitized --timeout 600 \
	    tests/unit tests/wire tests/adversity

lint: $(VENV)/.extra-lint $(VENV)/.extra-test
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

docs: $(VENV)/.extra-test build
	$(PY) -m docs.generate

changelog: build
	$(PY) -m docs.changelog $(VERSION)

bench: build
	.ci/servers
	$(PY) -m bench.proxybench compare $(ARGS)

micro: build
	$(PY) -m bench.micro

check: lint test

clean:
	rm -rf build dist src/*.egg-info
	find src -name '*.so' -delete -o -name '*.c' -delete -o -name '*.html' -delete
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The same package without its compiled half: every hot module as plain Python.
$(INTERPRETED): $(SOURCES) | $(VENV)/.tools
	rm -rf $@
	TWEMPROXY_INTERPRETED=1 $(PY) setup.py -q build_py --build-lib $@
	touch $@

# One stamp per extra of pyproject.toml: each target installs only what it needs.
# The link to src/ is made without compiling; `build` does that, incrementally.
$(VENV)/.extra-%: pyproject.toml | $(VENV)/.tools
	TWEMPROXY_INTERPRETED=1 $(PY) -m pip install -q --disable-pip-version-check \
	    --no-build-isolation -e '.[$*]'
	touch $@

$(VENV)/.tools:
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check 'setuptools>=77' 'Cython>=3.1'
	touch $@
