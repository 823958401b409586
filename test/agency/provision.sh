#!/bin/sh
# Sets up a client: provision.sh DOMAIN SERVER. After a failure or a change, run it again.
set -eu

site=$1 name=$(echo "$1" | tr .- _)
export DNX_SERVER="$2"
test -s db-password || (umask 077 && head -c 24 /dev/urandom | base64 > db-password)

dnx site ensure "$site" --update --type laravel --branch main --php-version 8.4
dnx database ensure "$name"
dnx database-user ensure "$name" --database "$name" --password @db-password
dnx env ensure --site "$site" --update APP_ENV=production "DB_DATABASE=$name" "DB_USERNAME=$name" QUEUE_CONNECTION=redis
dnx env ensure --site "$site" --update DB_PASSWORD --from-file db-password
dnx queue ensure default --site "$site" --update --connection redis --processes 2
dnx crontab ensure "php /home/deploynix/$site/current/artisan schedule:run" --update --frequency '* * * * *'
dnx daemon ensure 'php artisan reverb:start' --update --directory "/home/deploynix/$site/current" --processes 1
dnx certificate ensure "$site" --site "$site"
