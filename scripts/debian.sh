# Sourced by the scripts that install Debian's packages.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
has_package() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]; }

install_packages() {
	local missing=() package
	for package in "$@"; do has_package "$package" || missing+=("$package"); done
	if [ ${#missing[@]} = 0 ]; then return; fi
	say "installing ${missing[*]}"
	as_root apt-get update -qq || fail "apt-get update failed: check the network and /etc/apt/sources.list"
	DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
		fail "could not install ${missing[*]}: try 'apt-get install ${missing[*]}' by hand"
}

# Debian's own compiler as the toolchain `web`, for a target whose library rustup may not download.
install_web() {
	is_debian || fail "rustup may not download (RUSTUP_AUTO_INSTALL=0) and this is not Debian: install the $1 target by hand"
	install_packages rustc-web cargo-web rust-web-src
	rustup toolchain list | grep -q '^web' || rustup toolchain link web /usr
}
