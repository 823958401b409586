#!/bin/sh
# Closes a client. `close-client.sh plan DOMAIN SERVER` saves what would be deleted, with a token that may only read. After a review,
# `close-client.sh apply DOMAIN SERVER` deletes it as one plan.
set -eu

site=$2 database=$(echo "$2" | tr .- _)
export DNX_SERVER="$3"

if [ "$1" = plan ]; then
  crontabs=$(dnx crontab list --query "[?contains(command, '/$site/')]" -o ids)
  daemons=$(dnx daemon list --query "[?contains(directory || '', '/$site/')]" -o ids)
  # shellcheck disable=SC2086 # Several ids.
  dnx crontab delete $crontabs --dry-run --out close-1.json
  # shellcheck disable=SC2086
  dnx daemon delete $daemons --dry-run --out close-2.json
  dnx database delete "$database" --dry-run --out close-3.json
  dnx site delete "$site" --dry-run --out close-4.json
else
  dnx apply close-*.json --confirm "$site" --confirm "$database"
fi
