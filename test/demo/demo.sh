#!/bin/bash
# demo.sh PAYLOAD_DIR: boot a Debian 13 guest and run the demo of the payload in it.
set -euo pipefail
payload=${1:?usage: demo.sh PAYLOAD_DIR}
here=$(cd "$(dirname "$0")" && pwd)

"$here/../need.sh" guest
image=$("$here/../vm/image.sh" trixie)
echo 'exec ./demo' >"$payload/command"
echo "demo: booting the guest, some 15 s"
"$here/../vm/guest.sh" "$image" "$payload" 1024 180
