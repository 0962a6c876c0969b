#!/bin/sh
# Starts abono in the image. ABONO_DATABASE_PASSWORD_FILE names a file with the password of the database's roles, so
# that the password stands in no URL and no environment of the container itself; libpq reads it from PGPASSWORD.
set -eu

if [ -n "${ABONO_DATABASE_PASSWORD_FILE:-}" ]; then
    PGPASSWORD="$(cat "$ABONO_DATABASE_PASSWORD_FILE")"
    export PGPASSWORD
fi
exec abono "$@"
