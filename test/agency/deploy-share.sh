#!/bin/sh
# Deploys a share of the sites, as one of ten jobs: deploy-share.sh 3. The jobs share nothing but the rate limit of the account.
set -eu

sites=$(tail -n "+$((4 * $1 - 3))" sites.txt | head -n 4)
# shellcheck disable=SC2086 # Four sites.
dnx deploy $sites --yes --quiet --json > "deployed-$1.json"
