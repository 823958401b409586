# shellcheck shell=sh
# Functions that print services in the words of `systemctl show`. They fail if systemd does not answer, and print nothing of one that is not
# installed. A pattern is for those that systemd has loaded: all that run, or should. Follows sections.sh.
units() {
  limited env LC_ALL=C TZ=UTC systemctl show --no-pager \
    --property=Id,Names,LoadState,ActiveState,SubState,Result,StateChangeTimestamp,MemoryCurrent,UnitFileState "$@" |
    awk 'BEGIN { RS = "" } !/LoadState=not-found/ { print $0 "\n" } END { exit NR == 0 }'
}

# Those that sites need. Arguments: those of PHP-FPM.
site_units() {
  units "$@" nginx mysql mysqld mariadb postgresql 'postgresql@*.service' redis redis-server valkey valkey-server supervisor supervisord
}
