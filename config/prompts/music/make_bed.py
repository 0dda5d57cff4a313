#!/usr/bin/env python3
"""Makes the hold music, `bed.flac`: soft pads under plucked chords, 64 s, a seamless loop. Ours, so free of licences.

Needs only Python's standard library, and `sox` to write the FLAC file. The same script makes the same samples.

    python3 make_bed.py            # writes bed.flac beside this file

The loop is seamless because everything that sounds past the end is added to the beginning again.
"""

import array
import math
import pathlib
import random
import subprocess
import sys

RATE = 16_000
BEAT = 0.8  # seconds: 75 beats a minute
BEATS_PER_CHORD = 4
LOOP_SAMPLES = 64 * RATE
# A telephone carries 300 to 3,400 Hz: the lowest note's harmonics lie within, the highest note's too.
CHORDS = [  # MIDI notes: bass, then the chord from below
    (48, (60, 64, 67, 71)),  # C major 7
    (45, (60, 64, 67, 69)),  # A minor 7
    (41, (60, 65, 69, 72)),  # F major
    (43, (59, 62, 67, 69)),  # G with a second
    (40, (59, 64, 67, 71)),  # E minor
    (45, (60, 64, 69, 71)),  # A minor with a second
    (38, (60, 65, 69, 72)),  # D minor 7
    (43, (59, 62, 65, 67)),  # G 7
]
BARS = LOOP_SAMPLES // int(BEAT * BEATS_PER_CHORD * RATE)
PEAK_DBFS = -20.0


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12.0)


def add(bed, start, samples, gain):
    """Lays `samples` over the loop, around its end if need be."""
    for n, sample in enumerate(samples):
        bed[(start + n) % LOOP_SAMPLES] += gain * sample


def pad(note, seconds):
    """Two slightly detuned voices of three soft harmonics that swell and fade."""
    length = int(seconds * RATE)
    turns = [(2.0 * math.pi * hertz(note) * tune * h / RATE, 1.0 / (h * h))
             for tune in (0.9985, 1.0015) for h in (1, 2, 3)]
    return [
        math.sin(math.pi * n / length) ** 2 * sum(w * math.sin(turn * n) for turn, w in turns)
        for n in range(length)
    ]


def pluck(note, seconds, dice):
    """A string after Karplus and Strong, its noise softened first."""
    period = max(2, round(RATE / hertz(note)))
    string = [dice.uniform(-1.0, 1.0) for _ in range(period)]
    for _ in range(4):
        string = [0.5 * (string[n - 1] + string[n]) for n in range(period)]
    mean = sum(string) / period
    string = [sample - mean for sample in string]
    sound = []
    for n in range(int(seconds * RATE)):
        here, after = n % period, (n + 1) % period
        sound.append(string[here])
        string[here] = 0.498 * (string[here] + string[after])
    fade = RATE // 20
    for n in range(fade):
        sound[-1 - n] *= n / fade
    return sound


def compose(dice):
    bed = array.array("d", bytes(8 * LOOP_SAMPLES))
    bar = int(BEAT * BEATS_PER_CHORD * RATE)
    for index in range(BARS):
        bass, chord = CHORDS[index % len(CHORDS)]
        start = index * bar
        for note in (bass + 12,) + chord[:3]:
            add(bed, start - bar // 8, pad(note, BEAT * BEATS_PER_CHORD * 1.25), 0.15)
        add(bed, start, pluck(bass, 2.6, dice), 0.5)
        pattern = [0, 1, 2, 3, 2, 1, 3, 2]
        dice.shuffle(pattern)
        for step, voice in enumerate(pattern):
            late = int(dice.uniform(0.0, 0.012) * RATE)
            at = start + late + step * bar // 8
            if step == 0 or dice.random() < 0.8:
                add(bed, at, pluck(chord[voice] + 12 * (step in (3, 6)), 1.6, dice), dice.uniform(0.3, 0.5))
    return bed


def normalised(bed):
    scale = 32767.0 * 10.0 ** (PEAK_DBFS / 20.0) / max(abs(sample) for sample in bed)
    return array.array("h", (round(scale * sample) for sample in bed))


def main():
    bed = normalised(compose(random.Random(3)))
    if sys.byteorder == "big":
        bed.byteswap()
    target = pathlib.Path(__file__).with_name("bed.flac")
    raw = ["-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1", "-L", "-"]
    subprocess.run(["sox", "-D", *raw, "-C", "8", str(target)], input=bed.tobytes(), check=True)


if __name__ == "__main__":
    main()
