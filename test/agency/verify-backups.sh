#!/bin/sh
# Every week: checks the newest backup of each database and site. Prints those that are damaged, and then exits with 12.
set -eu

dnx backup verify --latest --json --query '[?error].{backup: id, why: error.message}'
