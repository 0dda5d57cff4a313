"""The table: one row a figure, ours beside the aim, the floor and the peer."""

MUSTS_MISSED = []


def head():
    print("| figure | aim | ours | from the aim | floor | baresip 4 |\n|---|---|---|---|---|---|")


def shown(value):
    return "-" if value is None else f"{value:.3g}"


def line(figure, aim, ours, floor=None, peer=None, must=None):
    """One row: what, the aim, ours and how far it is from the aim, the floor, the peer; `must` is this version's limit."""
    distance = "-" if ours is None else "reached" if ours <= aim else f"{ours / aim:.1f} x" if aim else f"+{ours:.3g}"
    row(figure, aim, ours, distance, floor, peer)
    if must is not None and (ours is None or ours > must):
        MUSTS_MISSED.append(f"{figure}: {shown(ours)}, must be <= {must}")


def line_of_more(figure, aim, ours, floor=None):
    """One row where more is better."""
    distance = "-" if ours is None else "reached" if ours >= aim else f"{ours / aim:.2f} x"
    row(figure, f">= {aim}", ours, distance, floor)


def told(figure, ours, floor=None):
    """One row without an aim: what the others are to be read by."""
    row(figure, "", ours, "", floor)


def row(figure, aim, ours, distance, floor=None, peer=None):
    print(f"| {figure} | {aim} | {shown(ours)} | {distance} | {shown(floor)} | {shown(peer)} |", flush=True)


def percentile(values, share):
    """None of no values."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None
