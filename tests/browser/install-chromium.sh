#!/bin/sh
# Make sure a Chromium is there for the browser tests; as root on Debian install it, otherwise say what is missing.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's chromium for the browser tests ..."
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
fi
echo "The browser tests need Chromium, and none was found." >&2
echo "Install it and run again:  sudo apt-get install chromium   (Fedora: sudo dnf install chromium)" >&2
exit 1
