#!/usr/bin/env bash
# Renews the three lock files from pyproject.toml: the newest releases for every platform, with hashes. Called by `make lock`.
# The extras and tools are resolved under the runtime's pins, so that what is tested is what is shipped.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-.venv/bin/uv}
compile=("$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate)

"${compile[@]}" "$@" pyproject.toml --output-file requirements/runtime.lock
"${compile[@]}" "$@" --group build --output-file requirements/build.lock
"${compile[@]}" "$@" pyproject.toml --extra embedded --extra otel --group dev \
  --constraint requirements/runtime.lock --constraint requirements/build.lock --output-file requirements/dev.lock
