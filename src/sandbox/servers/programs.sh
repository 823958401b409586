# shellcheck shell=sh
# The programs of a server of the sandbox whose answers must not be those of this machine. They are all this file, under many names.
name=${0##*/}
full='' php=$(cat "$SANDBOX_SERVER/php" 2>/dev/null)
if [ -e "$SANDBOX_SERVER/home/deploynix/backups" ]; then full=1; fi

print() { printf '%s\n' "$@"; }

case $name in
  df)
    case $1 in
      *h*)
        print 'Filesystem      Size  Used Avail Use% Mounted on'
        if [ -n "$full" ]; then print '/dev/vda1        78G   78G     0 100% /'; else print '/dev/vda1        78G   25G   53G  32% /'; fi
        ;;
      *i*) print 'Filesystem     Inodes  IUsed   IFree IUse% Mounted on' '/dev/vda1     5242880 412339 4830541    8% /' ;;
      *)
        print 'Filesystem     1024-blocks     Used Available Capacity Mounted on'
        if [ -n "$full" ]; then print '/dev/vda1         81106868 81106868         0     100% /'; else print '/dev/vda1         81106868 25342128  55748356      32% /'; fi
        ;;
    esac
    ;;
  du)
    if [ -n "$full" ]; then print '53G	/home/deploynix/backups' '54G	/home'; else print '1.2G	/home'; fi
    print '2.1G	/var/log' '4.8G	/var'
    ;;
  free)
    print '               total        used        free      shared  buff/cache   available'
    case $1 in
      -b) print 'Mem:      4105158656   812032000  1802032000     4032000  1491094656  2981094656' 'Swap:              0           0           0' ;;
      *) print 'Mem:           3.8Gi       774Mi       1.7Gi       3.9Mi       1.4Gi       2.8Gi' 'Swap:             0B          0B          0B' ;;
    esac
    ;;
  systemctl)
    # What is stopped is a file, and since when a service is as it is.
    stopped=$SANDBOX_SERVER/stopped
    verb=$1
    shift
    case $verb in
      list-units) ;;
      show)
        for each; do
          each=${each%.service}
          case $each in php\*-fpm) each=php$php-fpm ;; esac
          case $each in mysql | nginx | php[1-9]* | redis-server | supervisor) ;; *) continue ;; esac
          state='ActiveState=active\nSubState=running\nMemoryCurrent=41943040\n'
          if [ -e "$stopped/$each" ]; then state='ActiveState=inactive\nSubState=dead\n'; fi
          since=$(cat "$stopped/since-$each" 2>/dev/null || echo 'Sat 2025-10-18 06:12:31 UTC')
          printf "Id=%s.service\nNames=%s.service\nLoadState=loaded\n${state}UnitFileState=enabled\nStateChangeTimestamp=%s\n\n" "$each" "$each" "$since"
        done
        ;;
      start | stop | restart | reload)
        if [ -z "$SANDBOX_ROOT" ]; then
          print "Failed to $verb ${1%.service}.service: Interactive authentication required." >&2
          exit 4
        fi
        mkdir -p "$stopped"
        for each; do
          each=${each%.service}
          date -u '+%a %Y-%m-%d %H:%M:%S UTC' >"$stopped/since-$each"
          if [ "$verb" = stop ]; then : >"$stopped/$each"; else rm -f "$stopped/$each"; fi
        done
        ;;
      *) print 'The servers of the sandbox run no services.' ;;
    esac
    ;;
  uptime) print " $(date +%T) up 41 days,  2:07,  1 user,  load average: 0.42, 0.37, 0.31" ;;
  nproc) print 2 ;;
  ps)
    case "$*" in
      *args=*) if [ -n "$php" ] && [ ! -e "$SANDBOX_SERVER/stopped/php$php-fpm" ]; then print 'php-fpm: pool www' 'php-fpm: pool www'; fi ;;
      *pcpu=*) print ' 1.3 nginx' ;;
      *rss=*) print '88012 nginx' ;;
      *user:32=*) ;;
      *) print '    PID TTY          TIME CMD' '    812 ?        00:00:07 nginx' ;;
    esac
    ;;
  ss)
    print 'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port' 'tcp   LISTEN 0      511    0.0.0.0:443        0.0.0.0:*'
    if [ -e "$SANDBOX_SERVER/stopped/php$php-fpm" ]; then exit; fi
    for each in 1 2; do print "u_str ESTAB  0      0      /run/php/php$php-fpm.sock $each * $each"; done
    print "u_str LISTEN 0      511    /run/php/php$php-fpm.sock 3 * 0"
    ;;
  supervisorctl) cat "$SANDBOX_SERVER/supervisor" 2>/dev/null ;;
  dmesg) ;;
  journalctl)
    now=$(date -u +%Y-%m-%dT%H:%M:%S+0000)
    case "$*" in
      *--after-cursor*) print '-- cursor: 3' ;;
      *--show-cursor*)
        print "$now ${SANDBOX_SERVER##*/} systemd[1]: Started nginx.service - A high performance web server." \
          "$now ${SANDBOX_SERVER##*/} systemd[1]: Started supervisor.service - Supervisor process control system." '-- cursor: 3'
        ;;
    esac
    ;;
  apt-get)
    case " $* " in
      *' -s '*) print 'Inst openssl [3.0.13-0ubuntu3.5] (3.0.13-0ubuntu3.6 Ubuntu:24.04/noble-security [amd64])' ;;
      *) print 'The servers of the sandbox install nothing.' ;;
    esac
    ;;
  openssl)
    # What nginx serves, as dnx asks for it.
    if [ "$1" = x509 ]; then
      print 'notAfter=Dec 31 23:59:59 2049 GMT' 'issuer=CN=Sandbox CA' 'subject=CN=Sandbox' 'Hostname does match certificate'
    fi
    ;;
  sudo)
    # Nothing here runs as root. What dnx suggests to do with it is to change who owns a file, and what services do.
    if [ "$1" = -n ]; then shift; fi
    if [ "$1" = systemctl ]; then SANDBOX_ROOT=1 exec "$@"; fi
    if [ "$1" = chown ]; then
      shift
      while :; do case $1 in -*) shift ;; *) break ;; esac done
      shift
      said=$(chmod -R u+w -- "$@" 2>&1) && exit
      print "$said" | sed 's/^chmod:/chown:/' >&2
      exit 1
    fi
    print "sudo: the sandbox runs nothing as root: $*" >&2
    exit 1
    ;;
  stat)
    # Only on macOS, whose stat knows other words.
    format=$2
    shift 3
    case $format in
      %Y) exec /usr/bin/stat -L -f %m "$@" ;;
      *) exec /usr/bin/stat -L -f '%d:%i:%B %z %m %N/' "$@" ;;
    esac
    ;;
esac
exit 0
