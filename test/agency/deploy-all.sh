#!/bin/sh
# Deploys every site on every server in one job. Stops after three failures.
set -eu

dnx deploy --all --max-failures 3 --yes --quiet --json > deployed.json
