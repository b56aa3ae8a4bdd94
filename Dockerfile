# The node, the miner and the trainer in one image; nothing runs as root.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends protobuf-compiler \
    && rustup target add wasm32v1-none && rustup component add rust-src
WORKDIR /fedchain
COPY . .
RUN cargo xtask setup && cargo build --release --target-dir /out \
    -p fedchain-node -p fedchain-miner -p fedchain-trainer

FROM debian:bookworm-slim
RUN useradd --system --uid 10000 --create-home --home-dir /data fedchain
COPY --from=build /out/release/fedchain-node /out/release/fedchain-miner /out/release/fedchain /usr/local/bin/
USER fedchain
# Database and openings of commitments.
VOLUME /data
EXPOSE 30333 9944 9615
ENTRYPOINT ["fedchain-node"]
CMD ["--base-path", "/data"]
