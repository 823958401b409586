#!/bin/sh
# Tries an installed dnx: smoke.sh CHANNEL. First installs it from the files of a release: smoke.sh CHANNEL RELEASE SIGNATURE.
# VERSION is what it must be. .github/workflows/release.yml calls it on every system.
set -eu

channel=$1
if [ $# -gt 1 ]; then
  release=$2
  as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  case $channel in
    script)
      mkdir -p mirror/latest
      cp -R "$release" mirror/latest/download
      cp "$3" mirror/latest/download
      # Of Git Bash, `pwd -W` is the path that curl of Windows knows.
      here=$(pwd -W 2> /dev/null || pwd)
      DNX_RELEASES_URL="file:///${here#/}/mirror" sh "$release/install.sh"
      ;;
    npm) npm install --global --prefix "$HOME/.local" "$release/deploynix-cli-$VERSION.tgz" ;;
    deb) $as_root dpkg --install "$release/dnx-linux-$(if [ "$(uname -m)" = x86_64 ]; then echo x64; else echo arm64; fi).deb" ;;
    rpm) $as_root rpm --install "$release/dnx-linux-x64.rpm" ;;
  esac
fi

case $channel in
  docker) dnx() { docker run --rm "deploynix/dnx:$VERSION" "$@"; } ;;
  script | npm) PATH=$HOME/.local/bin:$PATH ;;
esac
[ "$(dnx --version)" = "$VERSION" ]
dnx version --json
dnx sandbox run -- dnx server list
dnx sandbox run -- dnx deploy shop.example.com --no-wait
[ "$channel" = docker ] || [ "$(deploynix --version)" = "$VERSION" ]
case $channel in
  # How it was installed, it must know: it decides what upgrades it.
  script) dnx version --json | grep -q '"installed_with": *"executable"' ;;
  deb) dnx upgrade | grep -q 'dpkg --install' ;;
  rpm) dnx upgrade | grep -q 'rpm --upgrade' ;;
  npm) dnx upgrade | grep -q 'npm install' ;;
  homebrew) dnx upgrade | grep -q 'brew upgrade dnx' ;;
  scoop) dnx upgrade | grep -q 'scoop update dnx' ;;
  docker) dnx upgrade | grep -q 'docker pull' ;;
esac
echo "The dnx of $channel works."
