#!/usr/bin/env python3
"""Makes the hold music, `bed.flac`: soft pads in slow chords, 64 s, a seamless loop. Ours, so free of licences.

Needs only Python's standard library, and `ffmpeg` to write the FLAC file. The same script makes the same samples.

    python3 make_bed.py            # writes bed.flac beside this file

The loop is seamless because everything that sounds past the end is added to the beginning again, and because each
partial takes a whole number of turns in it.

What is made for the telephone: nothing to strike or pluck (G.711 turns a sharp onset into noise), the fundamentals
between 190 and 800 Hz with soft partials up to 3 kHz (below 300 Hz a telephone loses most), slow swells instead of
steps, and a level that hardly moves, so that a phrase over it is understood at once. Partials above 3.4 kHz are a faint
shimmer for wideband callers.
"""

import array
import math
import pathlib
import random
import subprocess
import sys

RATE = 16_000
SECONDS = 64
LOOP = SECONDS * RATE
CHORD_SECONDS = 8.0
OVERLAP = 3.0  # seconds in which one chord gives way to the next
LEVEL_DBOV = -30.0

# MIDI notes from below: open, near to each other, one or two voices move at a time.
CHORDS = [
    (55, 60, 64, 67, 71),  # C with a seventh, G below
    (57, 60, 64, 67, 71),  # A minor with seventh and ninth
    (57, 60, 65, 67, 72),  # F with a second
    (55, 60, 62, 67, 72),  # G with a fourth that waits
    (55, 59, 62, 67, 71),  # G
    (57, 60, 64, 69, 71),  # A minor with a second
    (57, 62, 65, 69, 72),  # D minor with a seventh
    (55, 60, 65, 67, 74),  # G with fourth and ninth, on its way home
]

# A melody of single long notes, one or two a chord, so that a minute has a shape: (chord, part of it, note).
MELODY = [
    (0, 0.10, 79), (1, 0.00, 76), (1, 0.55, 74), (2, 0.10, 72), (3, 0.00, 74),
    (4, 0.10, 79), (4, 0.60, 78), (5, 0.05, 76), (6, 0.00, 77), (6, 0.55, 76), (7, 0.10, 74),
]

# How strong each partial is: warm, like a soft reed stop.
PAD = (1.0, 0.42, 0.26, 0.13, 0.07, 0.035)
FLUTE = (1.0, 0.22, 0.10, 0.03)


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12.0)


def whole_turns(frequency):
    """The nearest frequency that fits the loop."""
    return round(frequency * SECONDS) / SECONDS


def swell(seconds, rise, fall):
    """Raised cosines at both ends, flat between them."""
    length, up, down = (int(s * RATE) for s in (seconds, rise, fall))
    return [
        0.5 - 0.5 * math.cos(math.pi * min(1.0, (n + 1) / up, (length - n) / down))
        for n in range(length)
    ]


def add_partial(bed, start, envelope, frequency, gain, dice):
    """One sine with a slow breath of its own, laid around the end of the loop if need be."""
    turn = 2.0 * math.pi * whole_turns(frequency) / RATE
    breath = 2.0 * math.pi * dice.choice((5, 6, 7, 9, 11)) / LOOP
    phase, lag = dice.uniform(0.0, 2.0 * math.pi), dice.uniform(0.0, 2.0 * math.pi)
    for n, level in enumerate(envelope):
        at = (start + n) % LOOP
        bed[at] += gain * level * (1.0 + 0.18 * math.sin(breath * at + lag)) * math.sin(turn * at + phase)


def add_note(bed, start, envelope, note, stop, gain, detune, dice):
    """Two voices a little apart, so that the sound moves without beating."""
    for tune in (1.0 - detune, 1.0 + detune):
        for number, strength in enumerate(stop, start=1):
            frequency = hertz(note) * tune * number
            if frequency < 0.47 * RATE:
                # The telephone's own filter takes the lowest tones: they are made up for.
                below = 1.35 if frequency < 260.0 else 1.0
                add_partial(bed, start, envelope, frequency, below * gain * strength, dice)


def compose(dice):
    bed = array.array("d", bytes(8 * LOOP))
    chord_envelope = swell(CHORD_SECONDS + OVERLAP, OVERLAP, OVERLAP)
    melody_envelope = swell(5.0, 1.2, 3.0)
    for index, chord in enumerate(CHORDS):
        start = int(index * CHORD_SECONDS * RATE) - int(OVERLAP / 2 * RATE)
        for voice, note in enumerate(chord):
            # The middle voices carry, the highest is far away.
            gain = (0.8, 1.0, 1.0, 0.8, 0.5)[voice]
            add_note(bed, start, chord_envelope, note, PAD, gain, 0.0009, dice)
    for index, part, note in MELODY:
        start = int((index + part) * CHORD_SECONDS * RATE)
        add_note(bed, start, melody_envelope, note, FLUTE, 0.55, 0.0006, dice)
    return bed


def levelled(bed):
    power = sum(sample * sample for sample in bed) / len(bed)
    scale = 32_768.0 * 10.0 ** (LEVEL_DBOV / 20.0) / math.sqrt(power)
    return array.array("h", (round(scale * sample) for sample in bed))


def main():
    bed = levelled(compose(random.Random(3)))
    print("peak", max(abs(sample) for sample in bed), "seam", bed[-1], bed[0], file=sys.stderr)
    if sys.byteorder == "big":
        bed.byteswap()
    target = pathlib.Path(__file__).with_name("bed.flac")
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    flac = ["-bitexact", "-metadata_header_padding", "0", "-c:a", "flac",
            "-compression_level", "12", "-lpc_type", "cholesky", "-lpc_passes", "4"]
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *raw, *flac, str(target)]
    subprocess.run(command, input=bed.tobytes(), check=True)


if __name__ == "__main__":
    main()
