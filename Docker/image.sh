#!/usr/bin/env bash
# What the Dockerfile runs beside install.sh.
#
#   Docker/image.sh build FOLDER   builds the release binary and lays out in FOLDER, by their final paths, all the
#                                  files that the image's last stage gets
#   image.sh prepare               makes that last stage ready: packages, the user abono, its folder
#
# shellcheck disable=SC2317,SC2329  # functions that `step` calls look unreachable to it
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=Docker/lib.sh
source "$here/lib.sh"

build() {
    local image="$1" environment libraries
    environment="$("$here/install.sh" --env --variants all)"
    eval "$environment"
    libraries="$(pkg-config --variable=libdir llama)"
    cd "$here/.."
    # Swift's own libraries go into the binary; llama.cpp's cannot (its processor variants are plug-ins), so the
    # binary remembers where they are.
    step "build the release binary" swift build -c release --static-swift-stdlib --product abono \
        -Xlinker -rpath -Xlinker "$libraries"
    step "lay out $image" lay_out "$image" "$(swift build -c release --static-swift-stdlib --product abono --show-bin-path)"
}

lay_out() {
    local image="$1" binaries="$2"
    mkdir -p "$image/opt/abono/bin" "$image/opt/abono/models" "$image/opt/abono/licenses" "$image/usr/local/bin" \
        "$image$libraries"
    install -m 0755 "$binaries/abono" "$image/usr/local/bin/abono"
    strip "$image/usr/local/bin/abono"
    install -m 0755 "$here/entrypoint.sh" "$image/opt/abono/bin/entrypoint.sh"
    cp -a "$libraries"/*.so* "$image$libraries/"
    if [[ -d "$libraries/ggml" ]]; then cp -a "$libraries/ggml" "$image$libraries/"; fi
    cp "$ABONO_MODELS"/* "$image/opt/abono/models/"
    cp LICENSE "$image/opt/abono/licenses/abono"
    cp "$libraries/../share/licenses/llama.cpp" "$image/opt/abono/licenses/llama.cpp"
}

add_user() {
    # A fixed number, so that a volume keeps its owner from image to image.
    if ! id abono >/dev/null 2>&1; then
        groupadd --gid 10001 abono
        useradd --uid 10001 --gid abono --no-create-home --home-dir /var/lib/abono --shell /usr/sbin/nologin abono
    fi
    install -d -m 0700 -o abono -g abono /var/lib/abono
}

prepare() {
    "$here/install.sh" --only runtime
    step "user abono" add_user
    # The lists of packages are of no use in an image.
    apt-get clean
    rm -rf /var/lib/apt/lists/*
}

case "${1:-}" in
build) [[ -n "${2:-}" ]] || fail "usage: Docker/image.sh build FOLDER" && build "$2" ;;
prepare) prepare ;;
*) fail "usage: Docker/image.sh build FOLDER | prepare" ;;
esac
