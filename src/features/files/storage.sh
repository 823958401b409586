# shellcheck shell=sh disable=SC2012,SC2154
# Runs rsync in storage/app of a site. Follows site.sh and paths.sh. Arguments: the likely directories of the site, and those of rsync.
say begun
find_site "$1" "$2"
shift 2
if [ -z "$live" ]; then refuse 6 no-site; fi
app=$root/shared/storage/app
if ! [ -d "$app" ]; then app=$live/storage/app; fi
if ! [ -d "$app" ]; then refuse 6 no-directory; fi
cd "$app" || refuse 5 forbidden
require_rsync
set -- rsync "$@"
# New files get the modes of the directory, and belong to whom it belongs.
case $(ls -ld .) in d????w*) umask 002 ;; *) umask 022 ;; esac
if [ "$(id -u)" = 0 ]; then set -- runuser -u "$(stat -c %U .)" -- "$@"; fi
exec "$@"
