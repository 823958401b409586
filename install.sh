#!/bin/sh
# Installs dnx, the command line for Deploynix, for one user and without root:
#   curl -fsSL https://github.com/deploynix/dnx/releases/latest/download/install.sh | sh
# It runs in any POSIX shell. Options go after the pipe: `sh -s -- --help`.
set -eu

releases=${DNX_RELEASES_URL:-https://github.com/deploynix/dnx/releases}
script=https://github.com/deploynix/dnx/releases/latest/download/install.sh
# Signs SHA256SUMS. package.json has it, too.
key='-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHHDxMnBkUZ0rPNeWfbcbf4nnhMk7
XpOJA7tMbHEKEdXWkoIFN3DHiGRPlCEMF64dw6oDy8GXI7SxKSeVJRvm8Q==
-----END PUBLIC KEY-----'

# The last line calls it, so that a script that was cut off does nothing.
main() {
  dir=${DNX_INSTALL_DIR:-$(home)/.local/bin} version=
  case ${1:-} in
    -h | --help) help && return ;;
    --uninstall) uninstall && return ;;
    --check) check_file "${2:-}" "${3:-}" && return ;;
    -*) fail "Unknown option $1" "See: sh install.sh --help" ;;
    *[!0-9A-Za-z.+-]*) fail "$1 is not a version, such as 0.2.0." ;;
    ?*) version=${1#v} ;;
  esac
  case $dir in /* | [A-Za-z]:*) ;; *) dir=$PWD/$dir ;; esac
  name=$(platform) || fail "There is no dnx for $(uname -s) on $(uname -m)." "With Node.js, it runs there, too: npm install --global deploynix-cli"
  keep_others
  clean_up
  # In the directory itself, so that the last step is a rename.
  if ! mkdir -p "$dir" 2> /dev/null || ! work=$(mktemp -d "$(ours)$$.XXXXXX" 2> /dev/null); then
    fail "Cannot write to $dir." "Choose another directory: DNX_INSTALL_DIR=DIRECTORY"
  fi
  remove_left "$(ours)"
  download
  unpack
  report
}

# Removes what this run made when it ends, also by a signal.
clean_up() {
  work='' child=''
  trap '[ -z "$child" ] || { kill "$child"; wait "$child"; } 2> /dev/null || :; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

# What the directory of a run is called, up to its process.
ours() { say "${1:-$dir}/.dnx.$(uname -n)."; }

# Removes what killed runs left. That of another user stays, if this one may not remove it.
remove_left() {
  for left in "$1"*; do
    process=${left#"$1"}
    kill -0 "${process%%.*}" 2> /dev/null || rm -rf "$left" 2> /dev/null || :
  done
}

help() {
  cat <<END
Install dnx, the command line for Deploynix.

Usage:
  sh install.sh [VERSION]     Install or replace dnx; by default by the latest release, unless that is older
  sh install.sh --uninstall   Remove dnx
  sh install.sh --check FILE VERSION
                              Compare a file of a release, such as the package for npm, with the signed checksums

Environment:
  DNX_INSTALL_DIR    Directory of dnx (default ~/.local/bin)
  DNX_DOWNLOAD_DIR   Directory to keep downloads of given versions in, which are checked again each time
  DNX_RELEASES_URL   Mirror of https://github.com/deploynix/dnx/releases
END
}

say() { printf '%s\n' "$1"; }

# The error, and then a line for each further word.
fail() {
  printf 'Error: %s\n' "$1" >&2
  shift
  for line; do say "$line" >&2; done
  exit 1
}

has() { command -v "$1" > /dev/null 2>&1; }

home() {
  [ -n "${HOME:-}" ] || fail "HOME is not set." "Set it, or DNX_INSTALL_DIR."
  say "$HOME"
}

# The name of this platform in a release.
platform() {
  system=$(uname -s) machine=$(uname -m) libc=
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64) machine=arm64 ;;
  esac
  case $system in
    Linux)
      system=linux
      if ldd --version 2>&1 | grep -q musl; then libc=-musl; fi
      ;;
    Darwin)
      system=darwin
      # A shell that Rosetta translates says x86_64.
      if [ "$(sysctl -n sysctl.proc_translated 2> /dev/null)" = 1 ]; then machine=arm64; fi
      ;;
    MINGW* | MSYS* | CYGWIN*) system=windows ;;
  esac
  case $system-$machine in
    linux-x64 | linux-arm64 | darwin-x64 | darwin-arm64 | windows-x64) say "$system-$machine$libc" ;;
    *) return 1 ;;
  esac
}

# Stops if dnx is installed with npm, or is another program in the directory.
keep_others() {
  exe=dnx archive=dnx-$name.tar.gz
  case $name in windows-*) exe=dnx.exe archive=dnx-$name.zip ;; esac
  for found in "$(command -v dnx || :)" "$dir/$exe"; do
    if [ -n "$found" ] && from_npm "$found"; then
      fail "dnx is installed with npm, pnpm, Yarn or Bun ($found)." "To upgrade it: dnx upgrade" \
        "To replace it, remove it first, for example: npm uninstall --global deploynix-cli"
    fi
  done
  if [ -e "$dir/$exe" ] && [ ! -e "$dir/deploynix" ]; then
    fail "$dir/$exe is another program." "Choose another directory: DNX_INSTALL_DIR=DIRECTORY"
  fi
}

# True for a link into node_modules, and for a script that runs what is there.
from_npm() {
  case $(readlink -f "$1" 2> /dev/null || :) in */node_modules/deploynix-cli/*) return 0 ;; esac
  head -c 1000 "$1" 2> /dev/null | grep -q node_modules/deploynix-cli
}

# Downloads the archive to $work, and checks it.
download() {
  checksums
  sum=$(sum_of "$archive")
  [ -n "$sum" ] || fail "The release has no $archive." "Releases: $releases"
  [ -f "$kept/$archive" ] || say "Downloading $from/$archive" >&2
  fetch "$archive" 1000000
  [ "$(sha256 "$work/$archive")" = "$sum" ] ||
    refuse "$from/$archive does not match its checksum in SHA256SUMS." "Nothing was installed. Try again: it may be a newer release than its checksum."
  keep
}

# Downloads the checksums of the release to $work, and checks their signature.
checksums() {
  from=$releases/latest/download kept=
  [ -z "$version" ] || from=$releases/download/v$version
  case $version in [0-9]*) kept=${DNX_DOWNLOAD_DIR:+$DNX_DOWNLOAD_DIR/$version} ;; esac
  fetch SHA256SUMS 600
  fetch SHA256SUMS.sig 600
  checked="signature and checksum"
  if has openssl; then
    say "$key" | openssl dgst -sha256 -verify /dev/stdin -signature "$work/SHA256SUMS.sig" "$work/SHA256SUMS" > /dev/null 2>&1 ||
      refuse "$from/SHA256SUMS is not signed by Deploynix." "Nothing was installed."
  else
    checked="checksum; its signature needs openssl"
  fi
}

sum_of() { sed -n "s/^\([0-9a-f]*\)  $1\$/\1/p" "$work/SHA256SUMS"; }

# Fails, and keeps nothing that the next run would read.
refuse() {
  [ -z "$kept" ] || rm -rf "$kept"
  fail "$@"
}

# Keeps what was checked, by renames, because another run may read it.
keep() {
  if [ -z "$kept" ] || [ -f "$kept/$archive" ] || ! mkdir -p "$kept" 2> /dev/null; then return; fi
  remove_left "$(ours "$kept")"
  new=$(ours "$kept")$$
  for file in SHA256SUMS SHA256SUMS.sig "$archive"; do
    { cp "$work/$file" "$new" && mv -f "$new" "$kept/$file"; } 2> /dev/null || rm -f "$new"
  done
}

# Compares a file that was downloaded by other means with the checksums of a release.
check_file() {
  version=${2#v} name=${1##*/}
  case $version in '' | *[!0-9A-Za-z.+-]*) fail "Give a file and its version." "See: sh install.sh --help" ;; esac
  case $name in '' | *[!0-9A-Za-z._-]*) fail "The releases have no file $name." ;; esac
  clean_up
  work=$(mktemp -d)
  checksums
  sum=$(sum_of "$name")
  [ -n "$sum" ] || fail "The release has no $name." "Releases: $releases"
  [ "$(sha256 "$1")" = "$sum" ] || refuse "$1 is not the file of $from." "Do not use it."
  say "$name is that of $from (checked: $checked)."
}

# Downloads a file of at most so many blocks of 512 bytes: what is in it is checked only afterwards.
fetch() {
  if [ -n "$kept" ] && cp "$kept/$1" "$work/$1" 2> /dev/null; then return; fi
  has curl || has wget || fail "The download needs curl or wget."
  # In the background, because a shell acts on a signal only when a program that it runs in the foreground ends.
  (
    ulimit -f "$2" 2> /dev/null || :
    if has curl; then
      secure="" quiet=--silent
      case $releases in https:*) secure="--proto =https --tlsv1.2" ;; esac
      case $1 in dnx-*) if [ -t 2 ]; then quiet=--progress-bar; fi ;; esac
      # shellcheck disable=SC2086 # No option has a space in it.
      exec curl --fail --location --show-error --retry 3 --max-filesize $(($2 * 512)) $secure $quiet "$from/$1" > "$work/$1"
    fi
    # GNU Wget would try a cut download 20 times. That of BusyBox tries once.
    tries=""
    case $(wget --help 2>&1) in *--tries*) tries=--tries=2 ;; esac
    exec wget -q $tries -O "$work/$1" "$from/$1"
  ) &
  child=$!
  if wait "$child"; then child='' && return; fi
  child=''
  { say "$key" > "$work/room"; } 2> /dev/null || fail "No space is left in ${work%/*}." "Nothing was installed."
  fail "Could not download $from/$1" "Nothing was installed. Releases: $releases"
}

sha256() {
  if has sha256sum; then sha256sum < "$1"; elif has shasum; then shasum -a 256 < "$1"; else openssl dgst -r -sha256 < "$1"; fi | cut -c 1-64
}

# Puts dnx, its completions and its man pages in place.
unpack() {
  case $archive in *.zip) unpacker="unzip -q" ;; *) unpacker="tar -xzf" ;; esac
  (cd "$work" && $unpacker "$archive") || fail "Could not unpack $archive in $dir." "Nothing was installed."
  new=$work/bin/$exe
  if ! installed=$("$new" --version); then
    case $name in *-musl) set -- "It needs libstdc++, on Alpine: apk add libstdc++" ;; *) set -- "With Node.js, try: npm install --global deploynix-cli" ;; esac
    fail "This dnx does not run on this machine." "Nothing was installed. $1"
  fi
  if [ -n "$version" ]; then
    [ "$installed" = "$version" ] || fail "$archive is dnx $installed, not $version." "Nothing was installed. Releases: $releases"
  elif old=$("$dir/$exe" --version 2> /dev/null) && is_older "$installed" "$old"; then
    fail "The latest release is dnx $installed, which is older than dnx $old in $dir." \
      "Nothing was installed. To go back to it, give its version: sh install.sh $installed"
  fi
  # First, because it marks the directory's dnx as ours.
  if [ "$exe" = dnx ]; then
    ln -sf dnx "$dir/deploynix"
  else
    # shellcheck disable=SC2016 # For that script.
    printf '#!/bin/sh\nexec "$(dirname "$0")/dnx.exe" "$@"\n' > "$dir/deploynix"
    printf '@"%%~dp0dnx.exe" %%*\r\n' > "$dir/deploynix.cmd"
    chmod +x "$dir/deploynix"
  fi
  mv -f "$new" "$dir/$exe" || fail "Could not replace $dir/$exe."
  case $dir in
    # Where shells and man look for them.
    */bin) if [ -d "$work/share" ]; then mkdir -p "${dir%/bin}/share" && cp -R "$work/share/." "${dir%/bin}/share"; fi ;;
  esac || say "Could not install the completions and man pages in ${dir%/bin}/share." >&2
}

# Compares versions by their three numbers.
is_older() (
  case $1.$2 in *[!0-9A-Za-z.+-]* | .* | *.) return 1 ;; esac
  IFS=.
  # shellcheck disable=SC2086 # Six words.
  set -- ${1%%[-+]*} ${2%%[-+]*}
  for _ in 1 2 3; do
    if [ "$1" -ne "$4" ]; then [ "$1" -lt "$4" ] && return 0 || return 1; fi
    shift
  done
  return 1
)

report() {
  say "Installed dnx $installed in $dir, also as deploynix (checked: $checked)."
  found=$(command -v dnx || :)
  if [ -z "$found" ]; then
    case ${SHELL:-} in */fish) line="fish_add_path $dir" ;; *) line="export PATH=\"$dir:\$PATH\"" ;; esac
    say "It is not in your PATH yet. Run this, and add it to the startup file of your shell:"
    say "  $line"
  elif [ "$found" != "$dir/$exe" ] && [ "$found" != "$dir/dnx" ]; then
    say "Your PATH has another dnx first: $found"
  fi
  case ${SHELL:-}:$dir in
    */zsh:*/bin)
      say "For completion, add this to ~/.zshrc before compinit:"
      say "  fpath=(${dir%/bin}/share/zsh/site-functions \$fpath)"
      ;;
  esac
  get="wget -qO-"
  if has curl; then get="curl -fsSL"; fi
  say "Sign in:    dnx login"
  say "Upgrade:    dnx upgrade"
  say "Uninstall:  $get $script | ${DNX_INSTALL_DIR:+DNX_INSTALL_DIR=$dir }sh -s -- --uninstall"
}

uninstall() {
  [ -e "$dir/deploynix" ] || fail "There is no dnx of this script in $dir." "If it is elsewhere, set DNX_INSTALL_DIR."
  if from_npm "$dir/dnx"; then fail "dnx is installed with npm, pnpm, Yarn or Bun." "Uninstall it with that, for example: npm uninstall --global deploynix-cli"; fi
  case $dir in
    */bin)
      share=${dir%/bin}/share
      rm -rf "$share/doc/dnx" "$share/zsh/site-functions/_dnx" "$share"/man/man[17]/dnx.[17] "$share"/man/man[17]/dnx-*.[17]
      for each in dnx deploynix deploynix-cli; do rm -f "$share/bash-completion/completions/$each" "$share/fish/vendor_completions.d/$each.fish"; done
      ;;
  esac
  remove_left "$(ours)"
  rm -rf "$dir"/.dnx-upgrade-*
  # The mark last.
  rm -f "$dir/dnx" "$dir/dnx.exe" "$dir/dnx.exe.old" "$dir/deploynix.cmd"
  rm -f "$dir/deploynix"
  say "Removed dnx from $dir. Settings stay in ~/.config/dnx and ~/.local/state/dnx."
  say "If you did not run dnx logout before, revoke its token in the dashboard."
}

main "$@"
