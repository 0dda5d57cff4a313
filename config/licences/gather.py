#!/usr/bin/env python3
"""Writes LICENCES.txt: whose work is in the program, under which terms, with every licence's text once.

    python3 config/licences/gather.py

Reads what cargo has resolved for Linux, Windows and macOS with all features of the builds that are handed out; cargo's
own folder of sources must hold them (`cargo fetch`). A text that differs from another only in its copyright lines and
its blanks is written once, with all of those lines.
"""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "config/licences/LICENCES.txt"
PLATFORMS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu", "x86_64-apple-darwin"]
NAMES = re.compile(r"^(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)
COPYRIGHT = re.compile(r"^\s*(copyright|\(c\)|©).*$", re.IGNORECASE | re.MULTILINE)
# Of several to choose from; Apache-2.0 asks for more than MIT.
PREFERRED = ["MIT", "BSD-3-CLAUSE", "BSD-2-CLAUSE", "BSD", "ISC", "ZLIB", "0BSD", "UNLICENSE", "MPL", "APACHE"]
HEAD = """Thirdring is MIT OR Apache-2.0. Built into it is the work of others, each under terms that let it be passed on.
Below: each package with its terms and its copyright lines, then the text of each licence once.
The voice activity model is Silero VAD (MIT, config/models/LICENSE-silero); the phrases were spoken by Kokoro-82M
(Apache-2.0, config/prompts/README.md).
"""


def packages():
    """Every package that some build of ours contains, ours left out."""
    found = {}
    for platform in PLATFORMS:
        command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline", "--features", "postgres",
                   "--filter-platform", platform]
        metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        by_id = {package["id"]: package for package in metadata["packages"]}
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        todo = [metadata["resolve"]["root"]]
        while todo:
            node = nodes[todo.pop()]
            for dependency in node["deps"]:
                kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
                # What only tests need is not passed on.
                if kinds == {"dev"} or dependency["pkg"] in found:
                    continue
                found[dependency["pkg"]] = by_id[dependency["pkg"]]
                todo.append(dependency["pkg"])
    return sorted(found.values(), key=lambda package: (package["name"], package["version"]))


def files(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    named = {folder / package["license_file"]} if package.get("license_file") else set()
    named |= {file for file in folder.iterdir() if file.is_file() and NAMES.match(file.name)}
    return sorted(file for file in named if file.exists())


def chosen(package):
    """Where one may choose, the file of the licence that asks for least; else all files."""
    every = files(package)
    if " OR " not in (package["license"] or "").replace("/", " OR "):
        return every
    for wanted in PREFERRED:
        fitting = [file for file in every if wanted in file.name.upper()]
        if fitting:
            return fitting[:1]
    return every


def main():
    texts = {}
    rows = []
    for package in packages():
        lines = []
        for file in chosen(package):
            text = file.read_text(encoding="utf-8", errors="replace")
            stated = [match.group(0).strip() for match in COPYRIGHT.finditer(text)]
            lines += [line for line in stated if re.search(r"\d{4}|author|contributor", line, re.IGNORECASE)]
            body = COPYRIGHT.sub("", text).strip()
            texts.setdefault(re.sub(r"\W+", " ", body).strip().lower(), body)
        rows.append((package, lines))
    with OUT.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for package, lines in rows:
            terms = package["license"] or "see the texts below"
            out.write(f"\n{package['name']} {package['version']}  {terms}\n")
            if package.get("repository"):
                out.write(f"  {package['repository']}\n")
            for line in dict.fromkeys(lines):
                out.write(f"  {line}\n")
        for body in texts.values():
            out.write("\n" + "=" * 100 + "\n\n" + body + "\n")


if __name__ == "__main__":
    main()
