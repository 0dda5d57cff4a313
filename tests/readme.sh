#!/usr/bin/env bash
# What a newcomer does, by the README's own words, in a clean clone of HEAD: the demo, the first call, an edit of the
# policy. Prints how long each took; fails where a command does not do what the README says. Needs what the README
# needs, and SIPp.
#
#   bash tests/readme.sh [FOLDER]     the clone, and what was built in it, stays in FOLDER; without one nothing stays
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
clone=${1:-$(mktemp -d)}
jobs_begun=()

finish() {
  for job in "${jobs_begun[@]}"; do kill "$job" 2>/dev/null || true; done
  [ $# -gt 0 ] && [ -n "$1" ] || rm -rf "$clone"
}
trap 'finish "${1:-}"' EXIT

# The n-th block of a language below a heading.
block() { # heading language n
  awk -v heading="$1" -v fence="\`\`\`$2" -v wanted="$3" '
    $0 == heading {inside = 1; next}
    inside && /^## / {exit}
    inside && $0 == fence {n++; take = n == wanted; next}
    /^```$/ {take = 0}
    take' README.md
}

step() { printf '%-44s' "$1"; began=$SECONDS; }
done_in() { printf '%5d s\n' $((SECONDS - began)); }
wait_for() { # words file
  for _ in $(seq 300); do grep -q -- "$1" "$2" 2>/dev/null && return; sleep 0.1; done
  echo "no '$1' in $2:" >&2; tail -5 "$2" >&2; exit 1
}

git clone --quiet "$source_folder" "$clone/thirdring"
cd "$clone/thirdring"
export HOME="$clone/home" XDG_STATE_HOME="$clone/state" CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
mkdir -p "$clone/home" "$clone/state"

step "build (apart)"
cargo build --release --quiet --features postgres
done_in
total=$SECONDS

step "the demo"
demo=$(block "## Two commands" sh 1)
[ "$demo" = "cargo run --release -- demo" ]
cargo run --release --quiet --features postgres -- demo --language en > "$clone/demo"
grep -q "the caller heard hold_still" "$clone/demo"
done_in

step "the first call"
first="## First call in five minutes"
block "$first" toml 1 > my.toml
export PATH="$PWD/target/release:$PATH"
thirdring run -c my.toml > "$clone/agent" 2> "$clone/agent.log" & jobs_begun+=($!)
wait_for READY "$clone/agent"
rep=$(block "$first" sh 2)
$rep > "$clone/rep" 2>&1 < /dev/null & jobs_begun+=($!)
caller=$(block "$first" sh 3)
thirdring events --language en > "$clone/events" & jobs_begun+=($!)
$caller -nostdin > "$clone/caller" 2>&1 & jobs_begun+=($!)
wait_for "state=talking" "$clone/events"
thirdring calls --language en | grep -q talking
block "$first" sh 5 | sed 's/#.*//' > "$clone/acts"
while read -r act; do
  $act >> "$clone/acted"
  [ "$act" != "thirdring hold --agreed" ] || wait_for "phrase=hold_still" "$clone/events"
done < "$clone/acts"
wait_for "event=ended\|ended ending" "$clone/events"
done_in

step "an edit of the policy is seen"
printf '[hold]\nevery = "10s"\n' > edited.toml
thirdring rehearse standard --language en | tail -1 | grep -q "went as written"
if thirdring rehearse edited.toml --language en > "$clone/rehearsed" 2>&1; then
  echo "nobody noticed the edit" >&2; exit 1
fi
grep -q "expected" "$clone/rehearsed"
done_in

printf '%-44s%5d s of 300\n' "all but the build" $((SECONDS - total))
[ $((SECONDS - total)) -le 300 ]
