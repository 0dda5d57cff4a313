#!/usr/bin/env python3
"""fill.py SCENARIO.xml [NAME=VALUE ...]: prints the scenario with its parts and values filled in.

<part name="bye" CSEQ="2"/> becomes parts/bye.xml, with {{CSEQ}} filled by what the tag says.
Whatever is still unfilled is an error: SIPp would send it as it stands.
"""
import re
import sys
from pathlib import Path

PARTS = Path(__file__).parent / "parts"
PART = re.compile(r"[ \t]*<part ([^/]*)/>\n")
VALUE = re.compile(r'(\w+)="([^"]*)"')
BLANK = re.compile(r"\{\{(\w+)\}\}")


def fill(text, values):
    return BLANK.sub(lambda blank: values.get(blank[1], blank[0]), text)


def part(tag):
    values = dict(VALUE.findall(tag[1]))
    return fill((PARTS / f"{values['name']}.xml").read_text(), values)


scenario = PART.sub(part, Path(sys.argv[1]).read_text())
scenario = fill(scenario, dict(value.split("=", 1) for value in sys.argv[2:]))
if missing := sorted(set(BLANK.findall(scenario))):
    sys.exit(f"{sys.argv[1]}: not filled: {', '.join(missing)}")
print(scenario, end="")
