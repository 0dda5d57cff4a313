#!/usr/bin/env bash
# Makes the Windows packages on Linux: target/packages/thirdring-VERSION-windows-x64.zip, and the installer beside it
# where makensis is there. Needs:
#
#   rustup target add x86_64-pc-windows-gnu
#   apt-get install gcc-mingw-w64-x86-64-posix zip nsis
#
#   bash config/packages/windows.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

target=x86_64-pc-windows-gnu
version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1)
name=thirdring-$version-windows-x64
made=$PWD/target/packages
folder=$made/$name
rm -rf "$folder"
mkdir -p "$folder"
cargo build --profile dist --locked --features postgres --bin thirdring --target "$target"
cp "target/$target/dist/thirdring.exe" LICENSE-MIT LICENSE-APACHE config/licences/LICENCES.txt config/thirdring.toml \
  config/thirdring.zh-CN.toml docs/admin.md docs/rep.md "$folder"
(cd "$made" && rm -f "$name.zip" && zip -q -r "$name.zip" "$name")
echo "$made/$name.zip"
if command -v makensis > /dev/null; then
  makensis -V2 -DVERSION="$version" -DFILES="$folder" -DOUT="$made/$name.exe" config/packages/thirdring.nsi
  echo "$made/$name.exe"
else
  echo "no makensis: the installer was not made" >&2
fi
