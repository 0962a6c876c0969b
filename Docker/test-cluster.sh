#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own, and removes that PostgreSQL afterwards, however the command ended.
#
#   Docker/test-cluster.sh run COMMAND [ARGUMENT…]
#
# The command finds it by ABONO_TEST_DATABASE_URL (a superuser's URL). It listens on a socket only, never on TCP, and
# gives up durability for speed, so it is for tests alone. initdb and postgres refuse to work for root; then they run
# as the user postgres.
#
# shellcheck disable=SC2317,SC2329  # functions that `step` calls look unreachable to it
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=Docker/lib.sh
source "$here/lib.sh"

# libpq takes a socket's path of at most 107 bytes, of which "/s/.s.PGSQL.5432" and the folder's name take 40.
parent="${TMPDIR:-/tmp}"
if ((EUID == 0 || ${#parent} > 60)); then parent=/tmp; fi

# as_server FOLDER COMMAND…: as a user that may run a server, from a folder which that user can enter.
as_server() {
    local folder="$1"
    shift
    if ((EUID == 0)); then
        (cd "$folder" && runuser -u postgres -- "$@")
    else
        (cd "$folder" && "$@")
    fi
}

# remove FOLDER: stops its server, if any, and deletes it.
remove() {
    local folder="$1"
    if [[ -e "$folder/data/postmaster.pid" ]]; then
        as_server "$folder" "$bindir/pg_ctl" --pgdata "$folder/data" --mode immediate -w --timeout 20 stop >/dev/null || true
    fi
    rm -rf "$folder"
}

# A run that was killed outright could not clean up; the next one does it for it.
remove_abandoned() {
    local folder owner
    for folder in "$parent"/abono-test.*; do
        # Only what this user made: anyone may make folders here.
        [[ -O "$folder" && -O "$folder/owner" ]] || continue
        owner="$(<"$folder/owner")"
        if [[ -n "$owner" ]] && ! kill -0 "$owner" 2>/dev/null; then remove "$folder"; fi
    done
}

create_cluster() {
    mkdir "$folder/data" "$folder/s"
    chmod 0711 "$folder"
    if ((EUID == 0)); then chown postgres: "$folder/data" "$folder/s"; fi
    chmod 0700 "$folder/data" "$folder/s"
    as_server "$folder" "$bindir/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 \
        --locale C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2 && fail "initdb failed"; }
    cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder/s'
max_connections = 200
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 2GB
checkpoint_timeout = 30min
SETTINGS
    as_server "$folder" "$bindir/pg_ctl" --pgdata "$folder/data" --log "$folder/data/server.log" -w --timeout 60 start \
        >/dev/null || { cat "$folder/data/server.log" >&2 && fail "PostgreSQL does not start; its log is above"; }
}

[[ "${1:-}" == run && $# -ge 2 ]] || fail "usage: Docker/test-cluster.sh run COMMAND [ARGUMENT…]"
shift
bindir="$(postgres_bindir)" || fail "no PostgreSQL server $ABONO_POSTGRES_MINIMUM or newer found; run: make setup"
if ((EUID == 0)) && ! id postgres >/dev/null 2>&1; then
    fail "PostgreSQL does not run as root, and there is no user postgres; run: make setup"
fi

remove_abandoned
folder="$(mktemp -d "$parent/abono-test.XXXXXX")"
printf '%s\n' "$$" >"$folder/owner"
trap 'trap "" INT TERM HUP; remove "$folder"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

step "private PostgreSQL $("$bindir/postgres" --version | sed -E 's/^[^0-9]*([0-9.]+).*/\1/') in $folder" create_cluster
export ABONO_TEST_DATABASE_URL="postgresql:///postgres?host=$folder/s&user=postgres"
status=0
"$@" || status=$?
exit "$status"
