#!/bin/sh
# Gets a NATS server for spec/nats into node_modules/.cache/nats: of Debian's suite trixie, from the mirror that this machine
# has its own packages from. Installs nothing, and changes nothing of the system. Does nothing where a server is in PATH.
set -eu
cd "$(dirname "$0")/../.."
cache="$PWD/node_modules/.cache/nats"
oldest=2.10.23

fail() {
  echo "get-server.sh: $1" >&2
  exit 1
}

# Whether the file is a server that is new enough.
good() {
  version=$("$1" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p') || return 1
  [ -n "$version" ] || return 1
  [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ]
}

for file in "$(command -v nats-server || true)" /usr/sbin/nats-server "$cache/nats-server"; do
  if [ -n "$file" ] && good "$file"; then
    echo "get-server.sh: $file is there, version $version"
    exit 0
  fi
done

for tool in apt-get dpkg; do
  command -v "$tool" >/dev/null || fail "needs $tool: install nats-server $oldest or newer otherwise, into PATH"
done

# The machine's mirror of Debian, as apt knows it.
mirror=$(
  {
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true
    # Where its lists are deleted, apt names none.
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
      grep -v '^ *#' | grep -oE 'https?://[^ ]+' || true
  } | grep -E '/debian/?$' | head -n 1
)
[ -n "$mirror" ] || fail 'apt has no mirror of Debian: install nats-server otherwise, into PATH'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/parts" "$work/root" "$cache"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || fail "needs $keys, of the package debian-archive-keyring"
echo "deb [signed-by=$keys] $mirror trixie main" >"$work/sources.list"
apt() {
  apt-get -o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts" \
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o APT::Sandbox::User=root "$@"
}
apt -qq update >&2 || fail 'the mirror has no list of trixie'
(cd "$work" && apt -qq download nats-server) >&2 || fail 'the mirror has no nats-server'
dpkg -x "$work"/nats-server_*.deb "$work/root" || fail 'the package cannot be unpacked'
mv "$work/root/usr/sbin/nats-server" "$cache/nats-server.new"
good "$cache/nats-server.new" || fail "what it got is no server of $oldest or newer that runs here"
mv "$cache/nats-server.new" "$cache/nats-server"
echo "get-server.sh: node_modules/.cache/nats/nats-server is there now, version $version"
