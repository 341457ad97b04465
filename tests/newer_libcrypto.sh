#!/bin/sh
# Runs test programs on a newer libcrypto under its own loader, above all for X25519MLKEM768, which libcrypto has from 3.5 on.
#
#   SESAME_NEWER_LIBCRYPTO_DIR=FOLDER tests/newer_libcrypto.sh CRYPTO_TEST [PROGRAM...]
#
# scripts/fetch-newer-libcrypto makes the folder: libcrypto.so.3, the C and C++ libraries and the loader. Exit status 77:
# skipped, because there is no such folder. Nothing is downloaded here.
set -u

folder=${SESAME_NEWER_LIBCRYPTO_DIR:-}
if [ -z "$folder" ]; then
  echo "skipped: SESAME_NEWER_LIBCRYPTO_DIR is not set; scripts/fetch-newer-libcrypto makes such a folder"
  exit 77
fi
loader=$(find "$folder" -maxdepth 1 -name 'ld-linux*.so.*' | head -n 1)
if [ -z "$loader" ] || [ ! -f "$folder/libcrypto.so.3" ]; then
  echo "skipped: $folder has no libcrypto.so.3 with its loader; scripts/fetch-newer-libcrypto makes such a folder"
  exit 77
fi
run() { "$loader" --library-path "$folder" "$@"; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

for program in "$@"; do
  if ! run "$program" --gtest_brief=1 > "$log" 2>&1; then
    tail -n 40 "$log"
    echo "failed: $program"
    failed=1
  fi
  # What is about ML-KEM has to run here.
  if grep 'SKIPPED.*\(X25519MLKEM768\|Hybrid\)' "$log"; then
    echo "failed: $program passed over tests of X25519MLKEM768"
    failed=1
  fi
done

# And there has to be something about it.
if ! run "$1" --gtest_brief=1 --gtest_filter='*X25519MLKEM768*' 2>&1 | tee "$log" | grep '^\[  PASSED  \] [1-9]'; then
  cat "$log"
  echo "failed: no test of X25519MLKEM768 ran"
  failed=1
fi
[ $failed = 0 ] && echo "passed: $# programs on $folder/libcrypto.so.3"
exit $failed
