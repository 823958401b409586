#!/bin/sh
# Every month: a page with all sites for the account managers.
set -eu

dnx report -o markdown > report.md
