#!/bin/sh
# Deploys one site and tests it, then all others. If the first fails, it is rolled back, and no other is deployed.
set -eu

dnx deploy --all --canary "$1" --verify-cmd ./smoke-test.sh --rollback-on-fail --max-failures 2 --yes --quiet --json > deployed.json
