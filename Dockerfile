# An image of dnx from its packed tarball:
#   npm pack && docker build --tag dnx .
ARG NODE_IMAGE=node:24-trixie-slim

# dnx is the same on every platform, so it is installed only on that of the builder.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS install
COPY deploynix-cli-*.tgz /tmp/dnx.tgz
# Without the keychain, because a container has none: DNX_TOKEN is the way to sign in. Not --global, with which npm ignores --omit.
# Offline, because npm requests even what it omits, and dnx needs nothing else.
RUN npm install --prefix /opt/dnx --offline --omit=optional --ignore-scripts --no-audit --no-fund --cache /tmp/cache /tmp/dnx.tgz

FROM ${NODE_IMAGE}
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="dnx" \
      org.opencontainers.image.description="Manage Deploynix from the terminal, scripts and CI" \
      org.opencontainers.image.url="https://github.com/deploynix/dnx" \
      org.opencontainers.image.source="https://github.com/deploynix/dnx" \
      org.opencontainers.image.documentation="https://github.com/deploynix/dnx/blob/main/docs/ci.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# What `dnx ssh`, `dnx changes` and `dnx deploy --guard` start.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY --from=install /opt/dnx /opt/dnx
ENV PATH=/opt/dnx/node_modules/.bin:$PATH
# The user `node` of the base image.
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["dnx"]
