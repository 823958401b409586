# An image of dnx from the archives of its executables:
#   cp release/dnx-linux-x64.tar.gz release/dnx-linux-arm64.tar.gz . && docker build --tag dnx .
# Not from scratch: GitLab runs the script of a job in a shell of the image, and `dnx ssh`, `dnx changes` and `dnx deploy --guard` start
# ssh and git.
ARG BASE=debian:trixie-slim
FROM ${BASE}
ARG TARGETARCH
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
# One layer, without the archives.
RUN --mount=type=bind,source=.,target=/release \
    apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
 && useradd --uid 1000 --create-home dnx \
 && mkdir /opt/dnx \
 && case $TARGETARCH in amd64) platform=x64 ;; *) platform=$TARGETARCH ;; esac \
 && tar -xzf "/release/dnx-linux-$platform.tar.gz" -C /opt/dnx --no-same-owner bin share/doc
ENV PATH=/opt/dnx/bin:$PATH
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["dnx"]
