#!/bin/bash
# Installs what was built into a fresh folder, and builds a small program on it: with CMake, and with pkg-config alone.
#   consumer_test.sh BUILD-FOLDER COMPILER SANITIZERS LIBDIR
set -eu
build=$1
compiler=$2
sanitize=${3:+-fsanitize=$3}
libdir=$4
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" >"$folder/install.log" || { cat "$folder/install.log"; exit 1; }

echo "== find_package(Sesame)"
cmake -S "$here/consumer" -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="$sanitize" >"$folder/cmake.log" || { cat "$folder/cmake.log"; exit 1; }
cmake --build "$folder/cmake"
"$folder/cmake/consumer"

echo "== pkg-config sesame"
export PKG_CONFIG_PATH="$folder/prefix/$libdir/pkgconfig"
pkg-config --print-errors --exists 'sesame >= 0.1'
# shellcheck disable=SC2046,SC2086 # the flags are words
"$compiler" -std=c++23 $sanitize "$here/consumer/main.cpp" -o "$folder/consumer" $(pkg-config --cflags --libs sesame)
"$folder/consumer"

if [ -e "$folder/prefix/$libdir/libsesame_sqlite.a" ]; then
  echo "== the component sqlite"
  cmake -S "$here/consumer" -B "$folder/cmake-sqlite" -DCMAKE_PREFIX_PATH="$folder/prefix" -DWITH_SQLITE=ON \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$sanitize" >"$folder/cmake.log" ||
    { cat "$folder/cmake.log"; exit 1; }
  cmake --build "$folder/cmake-sqlite"
  "$folder/cmake-sqlite/store" "$folder/keys.db"
  # shellcheck disable=SC2046,SC2086 # the flags are words
  "$compiler" -std=c++23 $sanitize "$here/consumer/store.cpp" -o "$folder/store" \
    $(pkg-config --cflags --libs sesame-sqlite)
  "$folder/store" "$folder/keys2.db"
fi

echo "== what is installed"
(cd "$folder/prefix" && find . -type f | sort)
for wanted in include/sesame/sesame.h include/sesame/asio.h "$libdir/libsesame.a" "$libdir/pkgconfig/sesame.pc"; do
  [ -e "$folder/prefix/$wanted" ] || { echo "missing: $wanted"; exit 1; }
done
if [ -e "$folder/prefix/bin/sesame" ]; then
  "$folder/prefix/bin/sesame" --version
  for page in sesame sesame-keygen sesame-keys sesame-proxy sesame-serve sesame-connect; do
    [ -e "$folder/prefix/share/man/man1/$page.1" ] || { echo "missing: the manual page $page"; exit 1; }
  done
fi
