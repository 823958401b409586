# shellcheck shell=sh disable=SC2154
# Prints how a server is, and changes nothing. Follows remote/sections.sh, remote/units.sh and health.sh. Arguments: `top`, or else `why` or
# `audit` and the domains of the sites.
wanted=$1
shift
begin server "$(date '+%s %z')"
tried load load
disks / /home /srv /tmp /var /var/log /var/lib/mysql /var/lib/postgresql
tried memory limited free -b
tried fpm fpm
supervised
tried workers workers
if [ "$wanted" != top ]; then
  if [ "$wanted" = why ]; then patience=3; else patience=20; fi
  # Meanwhile, because apt-get takes seconds.
  { updates "$patience" && echo all; } 2>/dev/null </dev/null | {
    tried services site_units 'php*-fpm.service'
    tried failed limited systemctl list-units --state=failed --plain --no-legend --no-pager
    tried kernel kernel
    tried cpu sh -c 'ps -eo pcpu=,comm= --sort=-pcpu | head -n 3'
    tried resident sh -c 'ps -eo rss=,comm= --sort=-rss | head -n 3'
    reboot
    certificates "$@"
    packages=$(cat)
    case $packages in *all) said updates printf %s "${packages%all}" ;; esac
  }
fi
begin end
