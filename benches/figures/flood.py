"""flood.py HOST:PORT RATE SECONDS SOURCE: so many OPTIONS a second from one address, heedless of the answers; prints how many."""
import socket
import sys
import time

OPTIONS = (
    "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n"
    "From: <sip:flood@{us}>;tag={n}\r\nTo: <sip:{to}>\r\nCall-ID: flood-{n}\r\nCSeq: 1 OPTIONS\r\n"
    "Contact: <sip:flood@{us}>\r\nContent-Length: 0\r\n\r\n"
)


def options(sender, to, n):
    us = "{}:{}".format(*sender.getsockname())
    return OPTIONS.format(to=to, us=us, n=n).encode()


def sender(source):
    """A UDP socket that sends from `source`."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((source, 0))
    return bound


def address(to):
    host, port = to.rsplit(":", 1)
    return host, int(port)


def flood(to, rate, seconds, source):
    flooding, there = sender(source), address(to)
    begin = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - begin) < seconds:
        while sent < passed * rate:
            flooding.sendto(options(flooding, to, sent), there)
            sent += 1
        time.sleep(0.0005)
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
