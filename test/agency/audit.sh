#!/bin/sh
# Every night: report what is new and what was fixed since the findings that we accepted, and fail if something new is severe.
set -eu

dnx audit --baseline audit.jsonl --fail-on high -o markdown > audit.md
