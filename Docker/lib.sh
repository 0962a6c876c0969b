# shellcheck shell=bash
# Shared by the scripts of this repository: timed steps and how to find PostgreSQL's own programs.
# To be sourced; it does nothing by itself.

# The oldest PostgreSQL server that Abono runs on.
readonly ABONO_POSTGRES_MINIMUM=15

# Everything made outside the repository lives here, keyed by version, so that a new clone finds it again.
ABONO_CACHE="${ABONO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/abono}"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# step TEXT COMMAND… says what is done, does it, and says how long it took.
step() {
    local text="$1" started="$EPOCHREALTIME"
    shift
    say "==> $text"
    "$@"
    say "    done in $(seconds_since "$started") s"
}

seconds_since() {
    awk -v from="${1/,/.}" -v to="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", to - from }'
}

# Prints the folder with initdb and postgres of a suitable server, or fails.
# pg_config belongs to libpq-dev, which may be newer than the server, hence the second look.
postgres_bindir() {
    local bindir major
    for bindir in "$(pg_config --bindir 2>/dev/null || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        [[ -x "$bindir/initdb" && -x "$bindir/postgres" ]] || continue
        major="$("$bindir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')"
        if ((major >= ABONO_POSTGRES_MINIMUM)); then
            printf '%s\n' "$bindir"
            return 0
        fi
    done
    return 1
}
