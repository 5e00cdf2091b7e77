#!/bin/sh
# Finds the programs that some tests need beside Python, Chromium and nginx, or fetches them through the system's packages
# where that is allowed. Tells which tests are skipped for want of one.

found() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

fetch() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo "No $1 here: installing the system's package $2 for the tests."
    apt-get update -qq && apt-get install -y -qq "$2" >/dev/null
}

found "${CONSENTKIT_CHROMIUM:-chromium}" chromium-browser google-chrome || fetch Chromium chromium ||
    echo "No Chromium here, so tests/browser is skipped. To run it: sudo apt-get install chromium"
found "${CONSENTKIT_NGINX:-nginx}" /usr/sbin/nginx || fetch nginx nginx ||
    echo "No nginx here, so tests/servers/test_cache.py is skipped. To run it: sudo apt-get install nginx"
