#!/bin/bash
# bench-shape.sh: what shape.sh does besides in the image of the benchmark. bench-image.sh appends it there.

# Debian starts a service once it is installed. Here each runs alone, when it is its turn.
systemctl --quiet disable earlyoom.service nohang.service
rm -f /etc/systemd/system/multi-user.target.wants/{nohang-desktop,oomd,fb-oomd}.service
