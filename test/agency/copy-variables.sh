#!/bin/sh
# Gives a site the variables of another: copy-variables.sh FROM TO. What belongs to one site alone stays where it is.
set -eu

dnx env copy "$1" "$2" --except APP_KEY --except APP_URL --except DB_DATABASE --except DB_USERNAME --except DB_PASSWORD --yes
