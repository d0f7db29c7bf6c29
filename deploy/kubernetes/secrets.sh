#!/bin/sh
# Makes the two secrets of values.yaml from files, so that no secret is on a command line or in a manifest.
# Its argument: a folder with gpg_passphrase, mongo_uri, aws_credentials and postgresql-password.
set -eu
folder=${1:?usage: secrets.sh FOLDER}
kubectl create secret generic edx -n edx --dry-run=client -o yaml \
  --from-file="$folder/gpg_passphrase" --from-file="$folder/mongo_uri" --from-file="$folder/aws_credentials" |
  kubectl apply -f -
kubectl create secret generic dagster-postgresql-secret -n edx --dry-run=client -o yaml \
  --from-file="$folder/postgresql-password" | kubectl apply -f -
