#!/bin/bash
# Runs the example client twice against the example server: with the right key, and with a wrong one.
set -eu
client=$1
server=$2
folder=$(mktemp -d)
trap 'kill "$server_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
echo "alice:00112233445566778899aabbccddeeff" >"$folder/right.psk"
echo "alice:ff112233445566778899aabbccddeeff" >"$folder/wrong.psk"

"$server" "$folder/right.psk" >"$folder/log" &
server_pid=$!
for _ in $(seq 100); do
  [ -s "$folder/log" ] && break
  sleep 0.05
done
port=$(head -n 1 "$folder/log")

answer=$("$client" "$folder/right.psk" localhost "$port")
echo "$answer"
[ "$(tail -n 1 <<<"$answer")" = hello ]
if "$client" "$folder/wrong.psk" localhost "$port"; then
  echo "a wrong key was accepted"
  exit 1
fi
wait "$server_pid"
cat "$folder/log"
grep -q "serving alice" "$folder/log"
grep -q "refused: " "$folder/log"
