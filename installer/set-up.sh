#!/usr/bin/env bash
# Sets up what `make run` (studio) or `make test` (tests) needs: system packages, .venv, the locked Python packages.
# Usage: installer/set-up.sh studio|tests
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?studio or tests}
venv=${VENV:-.venv}

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "SonicForge Studio needs Python 3.11, 3.12 or 3.13, and none was found." "On Debian: apt-get install python3"
}

packages_wanted() {
    local lists=(installer/debian-packages.txt)
    [ "$purpose" = tests ] && lists+=(installer/debian-packages-tests.txt)
    grep -hv -e '^#' -e '^$' "${lists[@]}" | while read -r package; do
        [ "$package" = python3-venv ] && "$python" -c 'import ensurepip' 2>/dev/null && continue
        echo "$package"
    done
}

packages_missing() {
    local package
    for package in $(packages_wanted); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

install_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0 # not a Debian: the README names what is needed elsewhere
    local missing as_root=()
    missing=$(packages_missing | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 && sudo -v 2>/dev/null || fail \
            "Some system packages are missing, and installing them needs root. Type this once, then try again:" "" \
            "  su -c 'apt-get update && apt-get install --no-install-recommends -y $missing'"
        as_root=(sudo)
    fi
    say "Installing system packages: $missing"
    "${as_root[@]}" apt-get update -qq
    # shellcheck disable=SC2086 # one word a package is meant
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends -y $missing >&2
}

install_python_packages() {
    local extras=""
    [ "$purpose" = tests ] && extras="[neural,server,dev]"
    # pip cannot go on from a package that was left half installed.
    local unfinished=$venv/.set-up-is-unfinished
    if [ -e "$unfinished" ]; then
        say "An earlier set-up was interrupted: $venv is made anew"
        rm -rf "$venv"
    fi
    mkdir -p "$venv"
    touch "$unfinished"
    if [ ! -x "$venv/bin/python" ]; then
        say "Making $venv with $("$python" --version)"
        "$python" -m venv "$venv"
    fi
    say "Installing the locked Python packages (this takes a minute or two)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock \
        --editable ".$extras"
    rm -f "$unfinished"
}

python=$(find_python)
install_packages
install_python_packages
say "Compiling the signal kernels once, so that the first sound comes at once"
"$venv/bin/sonicforge" prepare >/dev/null
