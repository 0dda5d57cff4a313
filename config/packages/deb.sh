#!/usr/bin/env bash
# Makes the Debian package: target/debian/thirdring_*.deb. Needs cargo-deb (cargo install cargo-deb).
#
#   bash config/packages/deb.sh
#
# What it holds stands in Cargo.toml, [package.metadata.deb].
set -euo pipefail
cd "$(dirname "$0")/../.."

made=target/packages
rm -rf "$made"
mkdir -p "$made/man"
cargo build --profile dist --locked --features postgres --bin thirdring
program=target/dist/thirdring
"$program" man --language en --out "$made/man"
for shell in bash zsh fish; do "$program" completions "$shell" > "$made/thirdring.$shell"; done
cargo deb --no-build --profile dist --locked
