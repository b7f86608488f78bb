#!/bin/bash
# run.sh: inside the guest: install the staged tree as a package would, then run the payload's command.
set -euo pipefail
cd /run/payload
. /etc/os-release
echo "=== guest $VERSION_CODENAME ($(uname -r), systemd $(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'))"
cp -a stage/. /
systemctl daemon-reload
journalctl --update-catalog
# What a CPU that stands still does to a scenario is the emulator's doing: the log says when, and suite.sh how often.
./load clocks &
. ./command
