#!/usr/bin/env bash
# Runs every check of the project: format, lints, tests, documentation.
#
#   bash tests/run.sh            installs the test peers that are missing, then runs everything
#   bash tests/run.sh FILTER     the same with the tests whose name contains FILTER only
#
# The last line is "N passed, N failed, N skipped"; the exit code is 0 when none failed.
# A test whose peer is missing is skipped, and the line before the last ones names what is missing.
set -uo pipefail
cd "$(dirname "$0")/.."

filter=${1:-}
work=target/run
skips=$PWD/$work/skipped
passed=0 failed=0 skipped=0
rm -rf "$work"
mkdir -p "$skips"

# --- the peers -------------------------------------------------------------

# A command and the Debian package that brings it.
tools=(
  "sipp sip-tester" "tcpdump tcpdump" "tshark tshark" "ip iproute2" "nft nftables"
  "kamailio kamailio" "turnserver coturn" "svwar sipvicious" "sox sox" "opusdec opus-tools" "espeak-ng espeak-ng"
  "pulseaudio pulseaudio" "pactl pulseaudio-utils" "linphonec linphone-cli" "python3 python3" "cc gcc"
)

install_tools() {
  local missing=() tool
  for tool in "${tools[@]}"; do
    command -v "${tool% *}" >/dev/null || missing+=("${tool#* }")
  done
  [ -d /usr/share/asterisk/sounds ] || missing+=(asterisk-core-sounds-en-wav)
  [ -d /usr/share/asterisk/moh ] || missing+=(asterisk-moh-opsound-wav)
  [ -d /usr/lib/postgresql ] || missing+=(postgresql)
  ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 || missing+=(kamailio-tls-modules)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  [ -d /usr/share/asterisk/sounds/en_US_f_Allison ] || missing+=(asterisk-core-sounds-en-wav)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed, no root: ${missing[*]}"
    return
  fi
  [[ " ${missing[*]} " == *" sox "* ]] && missing+=(libsox-fmt-all)
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$work/apt.log" 2>&1 || echo "not installed by apt: ${missing[*]} ($work/apt.log)"
}

install_phones() {
  tests/.venv/bin/python -c 'import baresip, pjsua2' 2>/dev/null && return
  { python3 -m venv tests/.venv && tests/.venv/bin/pip install --quiet --pre -r tests/peers/requirements.txt; } \
    >"$work/pip.log" 2>&1 || echo "not installed by pip: baresip-python, pjsua2-python ($work/pip.log)"
}

# Two readers of SIP that ours is held against; their crates are built apart from the package's, once.
build_readers() {
  cargo build --quiet --locked --manifest-path tests/differential/Cargo.toml --target-dir target/readers \
    >"$work/readers.log" 2>&1 || echo "not built: other readers of SIP ($work/readers.log)"
}

# --- the checks ------------------------------------------------------------

# check NAME COMMAND...: one check that passes or fails as a whole.
check() {
  local name=$1
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}

# Windows is checked from here where its target and a C compiler for it are installed:
#   rustup target add x86_64-pc-windows-gnu; apt-get install gcc-mingw-w64-x86-64-posix
check_windows() {
  local target=x86_64-pc-windows-gnu compiler=x86_64-w64-mingw32-gcc missing=()
  rustc --print target-libdir --target "$target" 2>/dev/null | xargs -r test -d || missing+=("the target $target")
  command -v "$compiler" >/dev/null || missing+=("$compiler")
  if [ ${#missing[@]} -eq 0 ]; then
    check "Windows" cargo check --quiet --locked --target "$target"
    return
  fi
  passed=$((passed + 1)) # taken back by the count of skips
  (IFS=,; echo "not installed: ${missing[*]}") >"$skips/windows"
}

# Adds the counts of a finished test run; a run that broke off before its summary is one failure.
count() {
  local log=$1 ok=$2 bad=$3
  if [ -z "$ok" ]; then
    failed=$((failed + 1))
    echo "FAILED: tests (no summary, see $log)"
    return
  fi
  passed=$((passed + ok))
  failed=$((failed + bad))
}

run_with_nextest() {
  local log=$work/tests.log number='[0-9]+'
  cargo nextest run --features postgres --no-tests=pass ${filter:+"$filter"} 2>&1 | tee "$log" | grep --line-buffered -vE '^ +(PASS|START) '
  local summary ok bad
  summary=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^ *Summary ' | tail -n 1)
  ok=$(grep -oE "$number passed" <<<"$summary" | grep -oE "$number")
  bad=$(grep -oE "$number (failed|timed out|exec failed)" <<<"$summary" | grep -oE "^$number" | paste -sd+ | sum_up)
  count "$log" "$ok" "$bad"
}

run_with_cargo() {
  local log=$work/tests.log
  cargo test --features postgres --no-fail-fast ${filter:+"$filter"} -- --test-threads=12 2>&1 | tee "$log" | grep --line-buffered -vE '^test .* ok$'
  local ok bad
  ok=$(sed -nE 's/^test result: .* ([0-9]+) passed; .*/\1/p' "$log" | paste -sd+ | sum_up)
  bad=$(sed -nE 's/^test result: .* ([0-9]+) failed; .*/\1/p' "$log" | paste -sd+ | sum_up)
  grep -q '^test result: ' "$log" || ok=
  count "$log" "$ok" "$bad"
}

# Sums "1+2+3" from its input; nothing is 0.
sum_up() {
  local sum
  read -r sum || true
  echo $((${sum:-0}))
}

# A test that cannot run leaves a file with its name in $skips; it says what is missing.
count_skips() {
  local file
  for file in "$skips"/*; do
    [ -e "$file" ] || continue
    skipped=$((skipped + 1))
    passed=$((passed - 1))
    echo "SKIPPED: $(basename "$file"): $(cat "$file")"
  done
}

main() {
  install_tools
  install_phones
  build_readers
  export THIRDRING_SKIPPED=$skips

  check "format" cargo fmt --check
  check "lints" cargo clippy --quiet --all-targets --features postgres -- -D warnings
  check "lints without PostgreSQL" cargo clippy --quiet --lib --bins -- -D warnings
  [ -n "$filter" ] || check_windows
  echo "== tests"
  if cargo nextest --version >/dev/null 2>&1; then run_with_nextest; else run_with_cargo; fi
  check "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --features postgres

  count_skips
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# Read whole before it runs: the file may be edited meanwhile.
main
exit
