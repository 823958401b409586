#!/bin/sh
# Makes every file of a release from the built executables, and their checksums: release-files.sh NEW_DIRECTORY.
# .github/workflows/release.yml runs it on two machines.
set -eu

# Modes are packed, too, and those of a clone depend on its umask.
umask 022
chmod -R go=rX bin completions man ./*.md LICENSE package.json
mkdir "$1"
npm pack --pack-destination "$1"
node scripts/release.mjs pack "$1"
node scripts/release.mjs sbom > "$1/sbom.cdx.json"
cd "$1"
# The same order in every language.
LC_ALL=C
export LC_ALL
sha256sum -- * > SHA256SUMS
