#!/usr/bin/env bash
# media.sh DIR: makes the media of the scenarios, as headerless G.711 (.ul and .al). Needs sox and espeak-ng.
set -euo pipefail
prompts=$(cd "$(dirname "$0")/../../config/prompts" && pwd)
answers=$(cd "$(dirname "$0")/../sounds/answers" && pwd)
mkdir -p "$1"
cd "$1"

line=(-r 8000 -c 1 -b 16)
quietly() { sox -q -D -V1 "$@"; }

# Natural speech that the agent never says by itself.
quietly "$prompts/zh-CN/report_upward.flac" "${line[@]}" speech_zh.wav
quietly "$prompts/en/report_upward.flac" "${line[@]}" speech_en.wav
quietly speech_zh.wav speech_quiet.wav gain -30
quietly speech_zh.wav speech_loud.wav gain 18 2>/dev/null

quietly -n "${line[@]}" silence.wav trim 0 4
quietly -n "${line[@]}" comfort_noise.wav synth 4 pinknoise gain -55
# Mains hum: 50 Hz and two harmonics.
quietly -n "${line[@]}" hum.wav synth 4 sine 50 sine 100 sine 150 remix - gain -30
quietly "$prompts/music/bed.flac" "${line[@]}" music.wav trim 0 20
# China's busy tone: 450 Hz, 350 ms on and off (GB/T 3380).
quietly -n "${line[@]}" on.wav synth 0.35 sine 450 gain -13
quietly -n "${line[@]}" off.wav trim 0 0.35
quietly on.wav off.wav busy_tone.wav repeat 5
# In-band keys 1, 2, 5: two tones each, 100 ms, 100 ms apart.
quietly -n "${line[@]}" gap.wav trim 0 0.1
for key in "1 697 1209" "2 697 1336" "5 770 1336"; do
  read -r name low high <<<"$key"
  quietly -n "${line[@]}" "key$name.wav" synth 0.1 sine "$low" sine "$high" remix - gain -10
done
quietly key1.wav gap.wav key2.wav gap.wav key5.wav gap.wav keys.wav
# Whom the agent calls: who says a word and waits, who is switched off, a machine, a fax.
quietly "$answers/person_zh_3.flac" "${line[@]}" hello.wav pad 0.5 30
quietly "$answers/machine_zh_2.flac" "${line[@]}" switched_off.wav
quietly -n "${line[@]}" beep.wav synth 0.4 sine 1000 gain -13 pad 0.5 30
quietly "$answers/machine_zh_1.flac" "${line[@]}" greets.wav pad 0.5 0
quietly greets.wav beep.wav greeting_machine.wav
quietly -n "${line[@]}" fax.wav synth 3 sine 2100 gain -13 pad 0.5 10
# Of their networks: the ringing tone of China, and the special information tones (ITU-T E.180).
quietly -n "${line[@]}" ringback.wav synth 1 sine 450 gain -13 pad 0 4
for hz in 950 1400 1800; do quietly -n "${line[@]}" "special$hz.wav" synth 0.33 sine $hz gain -13; done
quietly special950.wav special1400.wav special1800.wav special_tones.wav pad 0 1
quietly special_tones.wav switched_off.wav special_announcement.wav
# The level of a synthetic voice, for those who need another speaker.
espeak-ng -v cmn -s 150 -w robot_raw.wav '您好，我想咨询一下我的账户。'
quietly robot_raw.wav "${line[@]}" robot_zh.wav gain -n -6
rm -f on.wav off.wav gap.wav key?.wav robot_raw.wav beep.wav greets.wav special?*00.wav special950.wav

for sound in *.wav; do
  quietly "$sound" -t ul -r 8000 -c 1 "${sound%.wav}.ul"
  quietly "$sound" -t al -r 8000 -c 1 "${sound%.wav}.al"
done
