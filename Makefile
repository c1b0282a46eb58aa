# The course's commands. Every target sets up what it needs; a second run takes seconds.
PYTHON3 ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB := $(VENV)/.lab
# Other Pythons on which the unit tests run; the workflow names one at a time.
PYTHONS ?= python3.12 python3.13

# A notebook's kernel starts in the notebook's folder, where a relative path means something else.
ifdef COURSE_MIRROR
export COURSE_MIRROR := $(abspath $(COURSE_MIRROR))
endif

.PHONY: lab demo test test-pythons test-thorough test-training test-kills test-colab colab-environment fuzz check results bench build site setup setup-cpu lock pictures dist

setup: $(READY)

# pip alone, in one resolution, so that nothing asks for a torch other than the pinned one.
$(READY): pyproject.toml constraints.txt
	$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON3) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[instructor,cluster,postgresql,site,test]'
	touch $(LAB) $(READY)

# What a student needs: no grader, no tests, no site.
$(LAB): pyproject.toml constraints.txt
	$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON3) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
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

# nbval re-executes every solution notebook beside the tests of the code.
test: $(READY)
	$(BIN)/python -m pytest tests --notebooks

# The unit tests on other Pythons, with the releases of constraints.txt, in environments of their own.
test-pythons:
	for python in $(PYTHONS); do \
	  folder=build/pythons/$$(basename $$python) && \
	  $$python tests/notebooks/colab_environment.py constraints.txt $$folder --all && \
	  PYTHONPATH=. $$folder/bin/python -m pytest tests/unit -m 'not slow and not training and not thorough' -q \
	  || exit 1; \
	done

# Lessons whose stories train, on the real data; and what fine-tuning reaches on the embedded.
test-training: $(READY)
	$(BIN)/python -m pytest tests -m training

# Attacks in every combination of kernels and of ways to count memory; how a corpus was made.
test-thorough: $(READY)
	$(BIN)/python -m pytest tests -m thorough

# What Colab lists, in its version of Python, as an environment: LIST is a file or an address.
# make colab-environment PYTHON3=python3.12 LIST=tests/notebooks/colab_lists/… FOLDER=…
colab-environment:
	$(PYTHON3) tests/notebooks/colab_environment.py "$(LIST)" "$(FOLDER)"

# The first cell, each release and its answers on the libraries of that environment, which
# COURSE_COLAB names.
test-colab: $(LAB)
	test -x "$$COURSE_COLAB/bin/python"
	$(BIN)/python -m pytest tests/notebooks/test_bootstrap.py
	$(BIN)/python -c 'from grading.release.readme import update_readme; update_readme()'

# The grader and its workers, ended at random fifty times while they grade.
test-kills: $(READY)
	COURSE_TEST_KILLS=$${COURSE_TEST_KILLS:-50} $(BIN)/python -m pytest tests/security/test_resume.py

# An hour of messages to what reads a sandbox's replies; FUZZ_SECONDS=60 is one minute. atheris is
# kept apart in build/, so that the course's environment stays as it is.
fuzz: $(READY)
	test -d build/atheris || $(BIN)/pip install --quiet --target build/atheris atheris==3.0.0
	PYTHONPATH=build/atheris nice -n 19 $(BIN)/python tests/unit/fuzz_wire.py fuzz $${FUZZ_SECONDS:-3600} build/fuzz

# Every figure that README and the lessons quote: on the embedded data, and on the real data where
# COURSE_MIRROR holds it. Trains more than a dozen models.
results: $(READY)
	$(BIN)/python -m benchmarks
	$(BIN)/course build

# The course as pages: build/site/html. SITE="--answers folded" has the answers behind buttons.
site: $(READY)
	$(BIN)/python -m grading.release.site $(SITE)

# README's pictures, drawn again; they need Chromium. Run `make demo` first: one shows its class.
pictures: $(READY)
	$(BIN)/python docs/figures/draw.py build/demo/report.html

# What a release consists of: dist/ with the wheel, built twice and compared, and the notebooks.
dist: $(READY)
	$(BIN)/python .ci/dist.py "$(TAG)"

# Speed, on the real data where COURSE_MIRROR holds it, and what is measured of the course's tools.
bench: $(READY)
	$(BIN)/python -m benchmarks features fine_tuning_speed serving growth start course
	$(BIN)/python -m benchmarks accuracy attacks grading class_size
	$(BIN)/course build

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit tests/policy -m 'not slow and not training' -q
	$(BIN)/course build --check
	$(BIN)/python -m benchmarks --list

build: $(READY)
	$(BIN)/course build

# Write down the exact release of everything that the pins in pyproject.toml bring along.
lock: $(READY)
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt
