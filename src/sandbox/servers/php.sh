# shellcheck shell=sh
# php on a server of the sandbox: a stand-in that knows its version, and a few Artisan commands.
version=${0##*/php}
if [ -z "$version" ]; then version=$(cat "$SANDBOX_SERVER/php" 2>/dev/null || echo 8.3); fi

print() { printf '%s\n' "$@"; }
info() { print '' "   INFO  $1" ''; }

if [ "$1" = -v ] || [ "$1" = --version ]; then
  print "PHP $version.14 (cli) (built: Nov 25 2024 18:05:17) (NTS)"
  exit
fi
if [ "${1##*/}" != artisan ]; then
  print 'php: the sandbox has no PHP. Its stand-in knows -v and artisan.' >&2
  exit 1
fi

commands='about           Display basic information about your application
db:seed         Seed the database with records
down            Put the application into maintenance mode
migrate         Run the database migrations
migrate:status  Show the status of each migration
queue:restart   Restart the queue workers
up              Bring the application out of maintenance mode'

case $2 in
  '' | list)
    if [ "$3" = --format=json ]; then
      print "$commands" | sed 's/^\([^ ]*\)  *\(.*\)$/{"name":"\1","description":"\2"}/' | paste -sd, - | sed 's/^/{"commands":[/; s/$/]}/'
      exit
    fi
    print 'Laravel Framework 12.38.1' '' 'In the sandbox, Artisan is a stand-in that knows:'
    print "$commands" | sed 's/^/  /'
    ;;
  -V | --version) print 'Laravel Framework 12.38.1' ;;
  about)
    mode=OFF
    if [ -e storage/framework/down ]; then mode=ENABLED; fi
    name=$(sed -n 's/^APP_NAME=//p' .env | tr -d '"')
    print '' '  Environment' "  Application Name ................ $name" '  Laravel Version ................. 12.38.1'
    print "  PHP Version ..................... $version.14" '  Environment ..................... production'
    print '  Debug Mode ...................... OFF' "  Maintenance Mode ................ $mode" ''
    ;;
  down)
    print '{}' >storage/framework/down
    info 'Application is now in maintenance mode.'
    ;;
  up)
    rm -f storage/framework/down
    info 'Application is now live.'
    ;;
  migrate) info 'Nothing to migrate.' ;;
  migrate:status)
    print '' '  Migration name .......................................... Batch / Status'
    for each in database/migrations/*.php; do
      each=${each##*/}
      if [ "$each" != '*.php' ]; then dots=..............................................................
      each=${each%.php}
      printf '  %s %.*s [1] Ran\n' "$each" "$((62 - ${#each}))" "$dots"; fi
    done
    print ''
    ;;
  db:seed) info 'Seeding database.' ;;
  queue:restart) info 'Broadcasting queue restart signal.' ;;
  *)
    print '' "  ERROR  Command \"$2\" is not defined. The sandbox has a stand-in for Artisan: see artisan list." '' >&2
    exit 1
    ;;
esac
