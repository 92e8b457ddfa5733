#!/bin/sh
# Each file of /run/secrets that has a variable's name becomes that variable, unless it is empty.
set -eu
for file in "${SECRETS:-/run/secrets}"/[A-Z]*; do
    [ -s "$file" ] || continue
    name=${file##*/}
    value=$(cat "$file")
    export "$name=$value"
done
exec "$@"
