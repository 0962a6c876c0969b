#!/usr/bin/env bash
# Makes the Python environment of the peers in the cache, once for each requirements.txt, and prints its python.
#
# shellcheck disable=SC2317,SC2329  # functions that `step` calls look unreachable to it
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=Docker/lib.sh
source "$here/../../Docker/lib.sh"

key="$(sha256sum <"$here/requirements.txt")"
environment="$ABONO_CACHE/peers-${key:0:8}"

# The mark comes last: an environment without it was interrupted and is made anew.
make_environment() {
    local python=/usr/bin/python3
    [[ -x "$python" ]] || python="$(command -v python3)"
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps \
        --requirement "$here/requirements.txt" >&2
    touch "$environment/complete"
}

if [[ ! -e "$environment/complete" ]]; then step "Python environment of the peers" make_environment; fi
printf '%s\n' "$environment/bin/python"
