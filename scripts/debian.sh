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

# Makes Debian's own compiler the toolchain `web`.
link_web() { rustup toolchain list | grep -q '^web' || rustup toolchain link web /usr; }
