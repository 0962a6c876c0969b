#!/usr/bin/env bash
# Says what to install when there is no Swift toolchain new enough to build Abono.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=Docker/lib.sh
source "$here/lib.sh"

readonly minimum=6.3

version="$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1 || true)"
if [[ -z "$version" ]]; then
    fail "there is no Swift toolchain in PATH. Abono is built with Swift $minimum or newer: follow" \
        "https://www.swift.org/install/linux/ or, with swiftly, run: swiftly install $minimum"
fi
if [[ "$(printf '%s\n' "$minimum" "$version" | sort -V | head -n 1)" != "$minimum" ]]; then
    fail "$(command -v swift) is Swift $version; Abono is built with Swift $minimum or newer: follow" \
        "https://www.swift.org/install/linux/ or, with swiftly, run: swiftly install $minimum"
fi
