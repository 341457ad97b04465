#!/bin/sh
# Runs the example with a certificate that an authority of its own issues, and again with a name that it is not for.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# shellcheck disable=SC2086 # the options are words
openssl req -x509 $ec -keyout ca.key -out ca.pem -subj /CN=authority 2>/dev/null
# shellcheck disable=SC2086
openssl req $ec -keyout server.key -out server.csr -subj /CN=server 2>/dev/null
printf 'subjectAltName=DNS:server.example\nextendedKeyUsage=serverAuth\n' >extensions
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem 2>/dev/null
"$program" server.pem server.key ca.pem server.example
if "$program" server.pem server.key ca.pem other.example 2>refused; then
  echo "a certificate for another name was taken"
  exit 1
fi
grep 'another name' refused
