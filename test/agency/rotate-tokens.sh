#!/bin/sh
# Every quarter: replaces the tokens of all pipelines: rotate-tokens.sh DIRECTORY. Each new one gets a file there. After a failure, run it again.
set -eu

dnx token rotate --match 'ci-*' --to-file "$1" --yes
