# Sourced by every script: where things are built, and with what.
# Override any of these by setting it before.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One target folder for all checkouts of a machine, so that a second clone builds warm.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/one-protocol/target}
# The Wasm builder looks for Cargo.lock above the target folder unless it is told.
export WASM_BUILD_WORKSPACE_HINT=$ROOT
# One build compiles and lints; nothing with a warning is built.
export RUSTC_WORKSPACE_WRAPPER=$ROOT/scripts/rustc CLIPPY_ARGS=-Dwarnings
# The only C++ here is Binaryen, which does next to nothing in this profile: minutes less to build.
export CXXFLAGS=${CXXFLAGS:--O0}

WEB_SYSROOT=/usr/lib/rustlib/wasm32v1-none/lib
# What is installed decides how things are built: called again where the set-up has just run.
use_toolchain() {
	# Most of Binaryen's build goes into reading C++, at which Clang is nearly twice as fast.
	if command -v clang++-19 >/dev/null; then export CXX=${CXX:-clang++-19}; fi
	# Debian's OpenSSL instead of minutes of compiling it.
	if [ -e /usr/include/openssl/ssl.h ]; then export OPENSSL_NO_VENDOR=1; fi
	# Where rustup may not download, the runtime's Wasm comes from Debian's own compiler.
	if ! [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none/lib" ] && [ -d "$WEB_SYSROOT" ]; then
		export WASM_BUILD_TOOLCHAIN=${WASM_BUILD_TOOLCHAIN:-web}
		export WASM_BUILD_STD=0
		export CARGO_TARGET_WASM32V1_NONE_LINKER=${CARGO_TARGET_WASM32V1_NONE_LINKER:-wasm-ld-19}
	fi
}
use_toolchain

# Brings the machine to where everything builds.
set_up() { "$ROOT/scripts/setup" && use_toolchain; }

# Python with the packages of scripts/requirements.txt, which scripts/setup installs; the tests that need it are skipped where this is not set.
VENV=${XDG_CACHE_HOME:-$HOME/.cache}/one-protocol/venv
export ONE_PYTHON=${ONE_PYTHON:-$VENV/bin/python}

# llama.cpp, as the Python source package llama-cpp-python carries it.
LLAMA_VERSION=0.3.36
LLAMA_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
LLAMA_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/one-protocol/llama-$LLAMA_VERSION
# Its vocabularies with their goldens, and published chat templates: scripts/setup puts them there.
export ONE_LLAMA_MODELS=${ONE_LLAMA_MODELS:-$LLAMA_CACHE/models}

# Downloads the package into a folder and prints its path; only the pinned bytes are taken.
llama_archive() {
	local archive=$1/llama_cpp_python-$LLAMA_VERSION.tar.gz
	"$VENV/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
		--dest "$1" "llama-cpp-python==$LLAMA_VERSION" >&2 || fail "llama-cpp-python $LLAMA_VERSION could not be downloaded"
	echo "$LLAMA_SHA256  $archive" | sha256sum --check --quiet >&2 || fail "$archive is not the expected file"
	echo "$archive"
}

# Prints the folder of llama.cpp's whole source, downloaded and unpacked once.
llama_source() {
	local source=$LLAMA_CACHE/source work archive
	if ! [ -d "$source" ]; then
		mkdir -p "$LLAMA_CACHE"
		work=$(mktemp -d -p "$LLAMA_CACHE")
		archive=$(llama_archive "$work")
		mkdir "$work/source"
		tar -xzf "$archive" -C "$work/source" --strip-components=3 --wildcards '*/vendor/llama.cpp'
		mv "$work/source" "$source"
		rm -rf "$work"
	fi
	echo "$source"
}

export ONE_NODE=${ONE_NODE:-$CARGO_TARGET_DIR/debug/one-node}

# One build for the node, the demo and the tests: another set of targets would be another set of
# features, and most of the SDK would be built again.
build() { cargo build --locked --workspace --all-targets --manifest-path "$ROOT/Cargo.toml" "$@"; }

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }
