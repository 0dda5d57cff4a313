# Kamailio as Debian ships it: the exchange of compose.yml.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends kamailio \
 && rm -rf /var/lib/apt/lists/*
COPY registrar.cfg /etc/kamailio/registrar.cfg
USER kamailio
ENTRYPOINT ["kamailio", "-DD", "-m", "32", "-M", "8", "-Y", "/tmp", "-w", "/tmp", "-f", "/etc/kamailio/registrar.cfg"]
