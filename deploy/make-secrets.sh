#!/bin/sh
# Makes what compose.yaml needs below secrets/, with new passwords; what is there already stays.
# Its arguments: a file with the key's passphrase, and one with AWS's credentials.
set -eu
umask 077
usage="usage: make-secrets.sh PASSPHRASE_FILE AWS_CREDENTIALS_FILE"
passphrase=$(realpath "${1:?$usage}")
credentials=$(realpath "${2:?$usage}")
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$here/secrets"
cd "$here/secrets"
for name in postgres_password mongo_password mongo_root_password; do
  [ -s "$name" ] || openssl rand -hex 24 > "$name"
done
printf 'postgres:5432:dagster:dagster:%s\n' "$(cat postgres_password)" > pgpass
printf 'mongodb://edx_assets:%s@mongo/?authSource=admin\n' "$(cat mongo_password)" > mongo_uri
[ -s gpg_passphrase ] || cat "$passphrase" > gpg_passphrase
[ -s aws_credentials ] || cat "$credentials" > aws_credentials
chown 10001:10001 pgpass mongo_uri gpg_passphrase aws_credentials
chown 999:999 postgres_password mongo_password mongo_root_password  # the user of both images
