# shellcheck shell=sh disable=SC2034,SC2154
# Prints how a server is, and changes nothing. Follows remote/sections.sh. Arguments: the domains of the sites.
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

updates() { printf '%s\n' "$simulated" | awk '/^Inst / && /[Ss]ecurity/ { print $2 }'; }

# What nginx serves for a domain: the end of the certificate, its names, and whether it is for this one.
served() {
  limited openssl s_client -connect 127.0.0.1:443 -servername "$1" |
    openssl x509 -noout -enddate -issuer -subject -checkhost "$1"
}

begin machine
said space limited df -Pk / /home /var /tmp
said inodes limited df -Pi / /home /var /tmp
if [ -e /var/run/reboot-required ]; then said reboot cat /var/run/reboot-required.pkgs; fi
if simulated=$(timeout 20 apt-get -s -o Debug::NoLocking=1 --with-new-pkgs upgrade 2>/dev/null </dev/null); then said updates updates; fi
if command -v supervisorctl >/dev/null 2>&1; then said supervisor limited supervisorctl status; fi
if command -v openssl >/dev/null 2>&1; then
  for domain; do
    begin certificate "$domain"
    served "$domain" 2>/dev/null </dev/null | base64
  done
fi
begin end
