# The course's commands. Every target sets up what it needs; a second run takes seconds.
PYTHON3 ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB := $(VENV)/.lab

# A notebook's kernel starts in the notebook's folder, so a relative path would lead elsewhere.
ifdef COURSE_MIRROR
export COURSE_MIRROR := $(abspath $(COURSE_MIRROR))
endif

.PHONY: lab demo test test-pythons test-thorough test-training test-kills test-colab colab-environment fuzz check results bench build site setup setup-cpu lock pictures dist

setup: $(READY)

# pip alone, in one resolution, so that nothing asks for a torch other than the pinned one.
define install
	$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON3) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.$(1)'
endef

EXTRAS := [instructor,cluster,postgresql,site,test]
$(READY): pyproject.toml constraints.txt
	$(call install,$(EXTRAS))
	touch $(LAB) $(READY)

# What a student needs: no grader, no tests, no site.
$(LAB): pyproject.toml constraints.txt
	$(call install)
	touch $(LAB)

# On Linux, pip's default torch brings gigabytes of CUDA. This installs its CPU build first.
setup-cpu:
	$(PYTHON3) -m venv $(VENV)
	$(BIN)/pip install --quiet --index-url https://download.pytorch.org/whl/cpu "$$(grep '^torch==' constraints.txt)"
	$(MAKE) setup

lab: $(LAB)
	$(BIN)/jupyter lab notebooks

demo: $(READY)
	$(BIN)/course demo

# nbval re-executes the solution notebooks beside the tests of the code, which two processes divide
# (tests/conftest.py). NOTEBOOKS=--everything executes lesson 4 and grades the known answers
# even if nothing that they depend on has changed.
NOTEBOOKS := --notebooks
test: $(READY)
	$(BIN)/python -m pytest tests $(NOTEBOOKS) -n 2

# The unit tests on other Pythons, on the releases of constraints.txt, in environments in build/.
PYTHONS ?= python3.12 python3.13
test-pythons:
	for python in $(PYTHONS); do \
	  folder=build/pythons/$$(basename $$python) && \
	  $$python tests/notebooks/colab_environment.py constraints.txt $$folder --all && \
	  $$folder/bin/pip install --quiet --no-deps --editable . && \
	  $$folder/bin/python -m pytest tests/unit -m 'not slow and not training and not thorough' -n 2 \
	  || exit 1; \
	done

# Lessons that train, on the real data; and the scores of fine-tuning on the embedded data.
test-training: $(READY)
	$(BIN)/python -m pytest tests -m training

# Every attack with every kind of kernel and every way to count memory; the making of a corpus.
test-thorough: $(READY)
	$(BIN)/python -m pytest tests -m thorough

# An environment with the packages that Colab lists. LIST is a file or an address; PYTHON3 is the
# version of Python that Colab has.
# make colab-environment PYTHON3=python3.12 LIST=tests/notebooks/colab_lists/… FOLDER=…
colab-environment:
	$(PYTHON3) tests/notebooks/colab_environment.py "$(LIST)" "$(FOLDER)"

# The first cell, each release and its answers on the libraries of that environment, which
# COURSE_COLAB names.
test-colab: $(READY)
	test -x "$$COURSE_COLAB/bin/python"
	$(BIN)/python -m pytest tests/notebooks/test_bootstrap.py
	$(BIN)/python -c 'from grading.release.readme import update_readme; update_readme()'

# The grader and its workers are killed fifty times, at random moments while they grade.
test-kills: $(READY)
	COURSE_TEST_KILLS=$${COURSE_TEST_KILLS:-50} $(BIN)/python -m pytest tests/security/test_resume.py

# Fuzzes the code that reads a sandbox's replies, for an hour; FUZZ_SECONDS=60 is one minute. atheris
# is installed in build/, so that the course's environment stays unchanged.
fuzz: $(READY)
	test -d build/atheris || $(BIN)/pip install --quiet --target build/atheris atheris==3.0.0
	PYTHONPATH=build/atheris nice -n 19 $(BIN)/python tests/unit/fuzz_wire.py fuzz $${FUZZ_SECONDS:-3600} build/fuzz

# Measures every figure that README and the lessons quote: on the embedded data, and on the real data
# if COURSE_MIRROR has it. Trains more than a dozen models.
results: $(READY)
	$(BIN)/python -m benchmarks
	$(BIN)/course build

# The course as web pages, in build/site/html. SITE="--answers folded" hides the answers behind buttons.
site: $(READY)
	$(BIN)/python -m grading.release.site $(SITE)

# Draws README's pictures again; this needs Chromium. Run `make demo` first: one shows its class.
pictures: $(READY)
	$(BIN)/python docs/figures/draw.py build/demo/report.html

# Writes the files of a release to dist/: the wheel, built twice and compared, and the notebooks.
dist: $(READY)
	$(BIN)/python .ci/dist.py "$(TAG)"

# Measures speed (on the real data if COURSE_MIRROR has it) and the course's tools.
bench: $(READY)
	$(BIN)/python -m benchmarks features fine_tuning_speed serving growth start course
	$(BIN)/python -m benchmarks accuracy attacks grading class_size
	$(BIN)/course build

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit tests/policy -m 'not slow and not training' -q -n 2
	$(BIN)/course build --check
	$(BIN)/python -m benchmarks --list

build: $(READY)
	$(BIN)/course build

# Writes the exact release of every package that the pins in pyproject.toml install.
lock: $(READY)
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt
