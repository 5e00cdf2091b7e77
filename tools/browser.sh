#!/bin/sh
# Finds a Chromium for the browser tests, or fetches one through the system's packages where that is allowed.
for name in "${CONSENTKIT_CHROMIUM:-chromium}" chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium here: installing the system's package for the browser tests."
    if apt-get update -qq && apt-get install -y -qq chromium >/dev/null; then
        exit 0
    fi
fi
echo "No Chromium here, so the browser tests are skipped. To run them: sudo apt-get install chromium"
