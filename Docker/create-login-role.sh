#!/bin/sh
# Runs once in the postgres image, when its data folder is new: makes the role that `abono serve` logs in as. It owns
# nothing and inherits nothing; `abono migrate --login-role abono_app` allows it the five roles of a transaction.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat "$POSTGRES_PASSWORD_FILE")" <<'SQL'
CREATE ROLE abono_app LOGIN NOINHERIT PASSWORD :'password';
SQL
