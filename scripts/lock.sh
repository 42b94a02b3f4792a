#!/usr/bin/env bash
# Renews the lock files from pyproject.toml: the newest releases for every platform, with hashes. Called by `make lock`.
# The extras and tools are resolved under the runtime's pins, so that what is tested is what is shipped; the locks for `make demo`,
# `make test` and `make verify` are parts of the one for development.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-.venv/bin/uv}
compile=("$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate)

"${compile[@]}" "$@" pyproject.toml --output-file requirements/runtime.lock
"${compile[@]}" "$@" --group build --output-file requirements/build.lock
"${compile[@]}" "$@" pyproject.toml --extra embedded --extra faker --extra ion --extra otel --group dev \
  --constraint requirements/runtime.lock --constraint requirements/build.lock --output-file requirements/dev.lock
"${compile[@]}" pyproject.toml --extra embedded --extra faker --extra ion --extra otel --group test \
  --constraint requirements/dev.lock --output-file requirements/test.lock
"${compile[@]}" pyproject.toml --extra embedded --extra faker --extra ion --extra otel --group verify \
  --constraint requirements/dev.lock --output-file requirements/verify.lock
"${compile[@]}" pyproject.toml --group docs \
  --constraint requirements/dev.lock --output-file requirements/docs.lock
"${compile[@]}" pyproject.toml --extra embedded --group demo \
  --constraint requirements/dev.lock --output-file requirements/demo.lock
