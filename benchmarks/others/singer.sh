#!/bin/bash
# One run of tap-zendesk into target-postgres: singer.sh ENVIRONMENTS FOLDER
# The folder has tap.json, target.json and state.json; the state of a run that ends well is the next
# one's beginning.
set -euo pipefail
tap=$1/tap/bin target=$1/target/bin folder=$2
here=$(dirname "$0")
[ -s "$folder/catalog.json" ] || "$tap/python" "$here/singer_catalog.py" "$folder/tap.json" > "$folder/catalog.json"
"$tap/tap-zendesk" --config "$folder/tap.json" --catalog "$folder/catalog.json" --state "$folder/state.json" |
    "$target/target-postgres" --config "$folder/target.json" > "$folder/states"
if [ -s "$folder/states" ]; then
    tail -n 1 "$folder/states" > "$folder/state.json"
fi
