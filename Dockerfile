# syntax=docker/dockerfile:1
# smelt alone: the binary, certificates to trust, a folder for temporary files.
#
#   docker build -t smelt --build-arg VERSION="$(git describe --tags --always)" .
#   docker run --rm -v "$PWD:/shop" -u "$(id -u):$(id -g)" smelt run
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
# Modules change less often than code: they are a layer of their own.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=dev COMMIT="" DATE=""
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -o /out/usr/bin/smelt \
    -ldflags "-s -w -X github.com/smeltdata/smelt/internal/cli.buildVersion=$VERSION -X github.com/smeltdata/smelt/internal/cli.buildCommit=$COMMIT -X github.com/smeltdata/smelt/internal/cli.buildDate=$DATE" . \
 && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
 && install -d -m 1777 /out/tmp

# All of it by one COPY: a folder keeps its mode only below what is copied. Time zones
# are in the binary.
FROM scratch
ARG VERSION=dev COMMIT="" DATE=""
LABEL org.opencontainers.image.title="smelt" \
      org.opencontainers.image.description="Turns a web shop's files into business tables" \
      org.opencontainers.image.source="https://github.com/smeltdata/smelt" \
      org.opencontainers.image.documentation="https://github.com/smeltdata/smelt/blob/main/docs/install.md" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE"
COPY --from=build /out /
# Nobody in particular: -u gives the owner of a folder that is mounted.
USER 65532:65532
WORKDIR /shop
ENTRYPOINT ["/usr/bin/smelt"]
CMD ["--help"]
