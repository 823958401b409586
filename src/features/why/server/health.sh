# shellcheck shell=sh disable=SC2154
# Functions that print how a server is, and change nothing. They follow remote/sections.sh.
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

# A section with what a command prints, unless it fails.
tried() {
  section=$1
  shift
  output=$("$@" 2>/dev/null </dev/null) || return 0
  begin "$section"
  printf '%s\n' "$output" | head -c 65536 | base64
}

disks() {
  said space limited df -Pk "$@"
  said inodes limited df -Pi "$@"
}

# The load, and a line with the number of cores.
load() { limited uptime && { nproc || getconf _NPROCESSORS_ONLN; }; }

# How many pools and processes PHP-FPM has, the most that the pools allow, and how many requests it works on and lets wait. A request is a connection to
# the socket of a pool; a pool whose socket is not open does not run. Without ss, nothing tells of requests.
fpm() {
  args=$(ps -eo args=) || return 1
  {
    printf '%s\n' "$args" | sed -n 's/^php-fpm: pool .*/process/p'
    if command -v ss >/dev/null; then limited ss -xtan | awk '{ print $2, $5, $3 }'; fi
    cat /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf | awk '
      function said() {
        if (most != "") print "pool", socket, most
        socket = most = ""
      }
      /^[ \t]*\[/ { said(); name = $0; gsub(/[][ \t\r]/, "", name) }
      /^[ \t]*(listen|pm\.max_children)[ \t]*=/ {
        value = $0
        sub(/^[^=]*=[ \t]*/, "", value)
        sub(/[ \t\r]*(;.*)?$/, "", value)
        gsub(/\$pool/, name, value)
        if ($0 ~ /^[ \t]*listen/) socket = value; else most = value
      }
      END { said() }
    '
  } | awk '
    $1 == "process" { processes++ }
    $1 == "LISTEN" { open[$2] = sockets = 1; queued[$2] = $3 }
    $1 == "ESTAB" { connections[$2]++ }
    $1 == "pool" { most[$2] = $3; pools++ }
    END {
      for (socket in most) if (!sockets || open[socket]) {
        all += most[socket]
        busy += connections[socket]
        waiting += queued[socket]
      }
      print pools + 0, processes + 0, all + 0, sockets ? (busy + 0) " " (waiting + 0) : ""
    }
  '
}

# How many processes work on queues.
workers() {
  args=$(ps -eo args=) || return 1
  printf '%s\n' "$args" | grep -cE 'artisan (queue:work|queue:listen|horizon:work)' || :
}

# What Supervisor says of its programs, or why it says nothing. No section without Supervisor.
supervised() {
  if command -v supervisorctl >/dev/null 2>&1; then said supervisor limited supervisorctl status; fi
}

# What the kernel says of processes that it killed.
kernel() {
  lines=$(limited dmesg -T || limited journalctl -k -n 5000 --no-pager || tail -c 262144 /var/log/kern.log) || return 1
  printf '%s\n' "$lines" | grep -aiE 'out of memory|oom-kill|oom killer' | tail -n 50
}

# The security updates that wait to be installed, if apt-get says so within $1 s.
updates() {
  simulated=$(timeout "$1" nice apt-get -s -o Debug::NoLocking=1 --with-new-pkgs upgrade) || return 1
  printf '%s\n' "$simulated" | awk '/^Inst / && /[Ss]ecurity/ { print $2 }'
}

# The packages that wait for a reboot.
reboot() {
  if [ -e /var/run/reboot-required ]; then said reboot cat /var/run/reboot-required.pkgs; fi
}

# What nginx serves for a domain: the end of the certificate, its names, and whether it is for this one.
served() {
  presented=$(limited openssl s_client -connect 127.0.0.1:443 -servername "$1") || [ $? -ne 124 ] || return 124
  printf '%s\n' "$presented" | openssl x509 -noout -enddate -issuer -subject -checkhost "$1"
}

certificates() {
  command -v openssl >/dev/null 2>&1 || return 0
  hangs=
  for domain; do
    begin certificate "$domain"
    if [ -n "$hangs" ]; then continue; fi
    output=$(served "$domain" 2>/dev/null </dev/null)
    if [ $? -eq 124 ]; then hangs=1; fi
    printf '%s\n' "$output" | base64
  done
}

# All of it. Arguments: `top`, or else `why` or `audit` and the domains of the sites.
report() {
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
}
