#!/bin/sh
# Run once by the image of Postgres, when its cluster is new: a database of its own for Prefect.
set -eu
password=$(cat /run/secrets/PREFECT_DATABASE_PASSWORD)
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --quiet <<SQL
create role prefect login password '$password';
create database prefect owner prefect;
revoke all on database prefect from public;
SQL
