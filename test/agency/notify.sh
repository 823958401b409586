#!/bin/sh
# Deploys a site, and tells the chat how that ended, also if it fails. CHAT_URL is a secret, so it is not an option, which other users could see.
set -eu

DNX_NOTIFY=$CHAT_URL dnx deploy "$1" --wait --quiet
