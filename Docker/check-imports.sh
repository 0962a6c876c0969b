#!/usr/bin/env bash
# The import rules that SwiftPM cannot express (it sees targets, these are about files and C libraries):
#   1. libpq belongs to Sources/Postgres, llama.cpp to Sources/Llama (through its shim);
#   2. in the domain modules only the files that touch the database by their name may import Postgres; all others
#      hold pure rules.
# Prints every breach with file and line, and exits 1 if there is one.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly domain_modules=(Billing Forecasting Inference Ledger Metering Plans Revenue Subscriptions Tenants Webhooks)
readonly database_files='(Operations|Queries|Jobs|Verification|Authentication|Reports|Service(\+[A-Za-z]+)?)\.swift:'

breaches=0

# report RULE: what comes on standard input breaks the rule; nothing means that it holds.
report() {
    local lines
    lines="$(cat)"
    if [[ -n "$lines" ]]; then
        printf '%s:\n%s\n' "$1" "$lines" >&2
        breaches=1
    fi
}

# imports 'MODULE|MODULE' FOLDER…: every line that imports one of them, as file:line:text.
imports() {
    local modules="$1"
    shift
    grep -rnE --include='*.swift' "^ *(@[A-Za-z_()]+ +)*([a-z]+ +)?import +((struct|class|enum|func|protocol|typealias|var|let) +)?($modules)([. ]|$)" "$@" || true
}

report "only Sources/Postgres imports CPostgres" < <(imports CPostgres Sources Tests | grep -v '^Sources/Postgres/' || true)
report "only Sources/Llama imports CLlama and CLlamaShim" \
    < <(imports 'CLlama|CLlamaShim' Sources Tests | grep -v '^Sources/Llama/' || true)

folders=()
for module in "${domain_modules[@]}"; do
    if [[ -d "Sources/$module" ]]; then folders+=("Sources/$module"); fi
done
report "a file of pure rules does not import Postgres (those that use it are named …Operations, …Queries, …Jobs, …)" \
    < <(imports Postgres "${folders[@]}" | grep -vE "$database_files" || true)

exit "$breaches"
