# The server with dashboard and SDK inside: docker build -t headwater .
FROM rust:1.95-bookworm AS build

# Node and npm, beside Rust.
COPY --from=node:22-bookworm-slim /usr/local/ /usr/local/

WORKDIR /src
COPY . .
ENV HEADWATER_CACHE=/cache
RUN --mount=type=cache,target=/cache \
    --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo xtask wasm --sdk \
 && cargo build --release --locked --package headwater \
 && cp target/release/headwater /usr/local/bin/headwater

FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data headwater \
 && install -d -o headwater -g headwater -m 700 /data
COPY --from=build /usr/local/bin/headwater /usr/local/bin/headwater

USER headwater
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["headwater"]
CMD ["serve", "--data-dir", "/data", "--listen", "0.0.0.0:8080"]
