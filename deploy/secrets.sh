#!/bin/sh
# Makes the secrets of compose.yaml in a folder, each in a file of its variable's name. Those that are
# there stay as they are. Usage: deploy/secrets.sh FOLDER
#
# The folder is closed to everyone else; its files are not, since containers read them as users of
# their own. Keep a copy of VENSOR_KEK apart from the warehouse's backups: without it nothing that is
# sealed can be opened, and with both everything can.
set -eu
folder=${1:?usage: deploy/secrets.sh FOLDER}
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

put() { # NAME VALUE: in one piece, or not at all
    [ ! -e "$folder/$1" ] || return 0
    printf '%s' "$2" >"$folder/.$1"
    chmod 0444 "$folder/.$1"
    mv "$folder/.$1" "$folder/$1"
}
random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
kept() { cat "$folder/$1"; }

put POSTGRES_PASSWORD "$(random)"
put LOADER_PASSWORD "$(random)"
put TRANSFORMER_PASSWORD "$(random)"
put PREFECT_DATABASE_PASSWORD "$(random)"
put REDIS_PASSWORD "$(random)"
put PREFECT_AUTH "vensor:$(random)"
put VENSOR_KEK "$(head -c 32 /dev/urandom | base64)"

# A socket that containers of one machine share: what leaves it for the network needs TLS.
socket=/var/run/postgresql
put VENSOR_WAREHOUSE_URL "postgresql://postgres:$(kept POSTGRES_PASSWORD)@/vensor?host=$socket"
put VENSOR_LOADER_URL "postgresql://vensor_loader:$(kept LOADER_PASSWORD)@/vensor?host=$socket"
put VENSOR_TRANSFORMER_URL \
    "postgresql://vensor_transformer:$(kept TRANSFORMER_PASSWORD)@/vensor?host=$socket"
put PREFECT_SERVER_DATABASE_CONNECTION_URL \
    "postgresql+asyncpg://prefect:$(kept PREFECT_DATABASE_PASSWORD)@/prefect?host=$socket"
put PREFECT_REDIS_MESSAGING_URL "redis://default:$(kept REDIS_PASSWORD)@redis:6379/0"
put PREFECT_SERVER_DOCKET_URL "redis://default:$(kept REDIS_PASSWORD)@redis:6379/1"

# Empty means none: fill in what there is.
put OPENAI_API_KEY ""
put SENTRY_DSN ""
