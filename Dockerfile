# The warehouse as an image: the command, the code location, the daemon and the page (compose.yaml runs the last three).
FROM python:3.13-slim-bookworm AS built
WORKDIR /opt/warehouse
COPY . .
RUN apt-get update && apt-get install --yes --no-install-recommends make \
  && make setup PYTHON="$(command -v python3)" && rm -rf /var/lib/apt/lists/* .git

FROM python:3.13-slim-bookworm
COPY --from=built /opt/warehouse /opt/warehouse
# the code is root's and read-only to the user; what is written lies in /data
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin warehouse && install -d -o warehouse /data
ENV PATH=/opt/warehouse/.venv/bin:$PATH WAREHOUSE_STATE=/data/state WAREHOUSE_EXPORTS=/data/exports
USER warehouse
WORKDIR /data
ENTRYPOINT ["warehouse"]
CMD ["--help"]
