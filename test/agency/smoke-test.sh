#!/bin/sh
# Tests a site that dnx has deployed.
set -eu

curl --fail --silent --show-error --max-time 10 "$DNX_SITE_URL/up"
