#!/usr/bin/env bash
# Builds smelt for the six platforms that it is released for, into dist/: a binary
# each, its bill of materials (CycloneDX, of the modules that are in the binary), and
# the checksums of all. What goes with the binaries, completions and the licences of
# what is linked in, it makes in extras/, and with --extras nothing but that, which is
# what goreleaser asks for. VERSION names the release (default: what Git says).
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
cyclonedx=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

rm -rf extras
mkdir -p extras/completions extras/licenses
go build -o extras/smelt .
extras/smelt completion bash >extras/completions/smelt.bash
extras/smelt completion zsh >extras/completions/_smelt
extras/smelt completion fish >extras/completions/smelt.fish
extras/smelt completion powershell >extras/completions/smelt.ps1
rm extras/smelt
for os in linux darwin windows; do
	GOOS=$os go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' .
done | sort -u | while read -r module dir; do
	found=$(find "$dir" -maxdepth 1 -type f \( -iname '*licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \))
	[ -n "$found" ] || { echo "$module has no licence to go with the binaries" >&2; exit 1; }
	mkdir -p "extras/licenses/$module"
	echo "$found" | xargs -I{} install -m 644 {} "extras/licenses/$module/"
done
mkdir -p extras/licenses/go extras/licenses/echarts
install -m 644 internal/dashboard/page/vendor/LICENSE* internal/dashboard/page/vendor/NOTICE extras/licenses/echarts/
install -m 644 "$(go env GOROOT)/LICENSE" extras/licenses/go/
if [ "${1:-}" = --extras ]; then exit; fi

rm -rf dist
mkdir dist
version=${VERSION:-$(git describe --tags --always --dirty)}
package=github.com/smeltdata/smelt/internal/cli
flags="-s -w -X $package.buildVersion=$version -X $package.buildCommit=$(git rev-parse HEAD) -X $package.buildDate=$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"
for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	os=${platform%/*} arch=${platform#*/}
	name=dist/smelt_${os}_$arch
	if [ "$os" = windows ]; then name+=.exe; fi
	GOOS=$os GOARCH=$arch go build -trimpath -ldflags "$flags" -o "$name" .
	go run "$cyclonedx" bin -json -output "$name.cdx.json" "$name" 2>/dev/null
	echo "$name (${SECONDS}s)"
done
(cd dist && sha256sum smelt_* >SHA256SUMS)
