# SIPp as Debian ships it: rep's phone and caller of compose.yml.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends sip-tester \
 && rm -rf /var/lib/apt/lists/*
USER nobody
ENTRYPOINT ["sipp"]
