#!/bin/bash
# guest.sh IMAGE_DIR PAYLOAD_DIR [MEMORY_MB] [TIMEOUT_S]: boot the image, run PAYLOAD_DIR/run.sh in it as root, power off.
#
# Prints what run.sh prints and exits with its exit code. 124: the guest outlived TIMEOUT_S and was killed. 125: the guest
# died (a kernel panic, a reset) or never started run.sh. For both, the end of its console is on standard error.
# The guest sees the payload read-only under /run/payload and an empty disk of 512 MB for swap as /dev/vdc, as fast as the machine's
# memory or, with GUEST_SWAP_RATE, with that many bytes a second.
# Emulated CPUs only: /dev/kvm may exist and still not start a stock kernel. The image itself is not changed.
set -euo pipefail
image=${1:?usage: guest.sh IMAGE_DIR PAYLOAD_DIR [MEMORY_MB] [TIMEOUT_S]}
payload=${2:?usage: guest.sh IMAGE_DIR PAYLOAD_DIR [MEMORY_MB] [TIMEOUT_S]}
memory=${3:-1024} limit=${4:-900}
boot_limit=180 # a boot takes some 12 s on an idle machine

# The guest's disks are thrown away afterwards: in memory, where there is some, they do not wait for the host's disk. A guest whose
# swap did was seen to stand still for 21 s.
where=${TMPDIR:-/tmp}
if [ -d /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt $((4 << 20)) ]; then where=/dev/shm; fi
tmp=$(mktemp -d "$where/reprieve-guest.XXXXXX")
qemu=
finish() {
  [ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null || true
  rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

truncate -s $(($(du -sm "$payload" | cut -f1) * 5 / 4 + 16))M "$tmp/payload.img"
mke2fs -q -t ext4 -O ^has_journal -m 0 -F -d "$payload" "$tmp/payload.img"
truncate -s 512M "$tmp/swap.img"
swap=(-drive "file=$tmp/swap.img,if=virtio,format=raw,cache=unsafe")
if [ -n "${GUEST_SWAP_RATE:-}" ]; then
  # 32 requests at once, as SATA has it. Behind the 256 of virtio, with up to a megabyte to be written in each, who wants to read waits for seconds.
  swap=(-drive "file=$tmp/swap.img,if=none,id=swap,format=raw,cache=unsafe,throttling.bps-total=$GUEST_SWAP_RATE"
    -device virtio-blk-pci,drive=swap,queue-size=32,addr=0x10) # the last of the disks by its address: /dev/vdc
fi

kernel_args="root=/dev/vda rw rootfstype=ext4 console=ttyS0 psi=1 panic=-1 quiet loglevel=4 fsck.mode=skip"
kernel_args+=" mitigations=off audit=0 apparmor=0 selinux=0 TERM=dumb systemd.show_status=0"

# boot starts the guest in the background: marks and kernel messages go to the console file, run.sh's output to standard output.
boot() {
  : >"$tmp/console"
  qemu-img create -q -f qcow2 -b "$(realpath "$image/disk.img")" -F raw "$tmp/root.qcow2"
  # cx16 and la57 off: with plain "max", two-CPU guests died of a double fault or hung (QEMU 7.2). erms and fsrm off: with them the
  # kernel clears pages byte by byte, and a page that held code is emulated so slowly that a CPU stands still for many seconds, its clock
  # ticks included, when a guest thrashes. tb-size for the same reason: QEMU keeps what it has translated in a list a page, thousands
  # long with the gigabyte that it takes otherwise, and walks it for each eight bytes that are written to such a page. To clear one was seen
  # to take ten seconds. With 256 MB, thrown away when they are full, no CPU stood still for half a second; with 448 for 0.8 s, and with
  # 128 the scenarios took a fifth longer, since all is translated again after that.
  qemu-system-x86_64 -accel tcg,thread=multi,tb-size=256 -cpu max,cx16=off,la57=off,erms=off,fsrm=off -smp 2 -m "$memory" \
    -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" -append "$kernel_args" \
    -drive "file=$tmp/root.qcow2,if=virtio,format=qcow2,cache=unsafe" \
    -drive "file=$tmp/payload.img,if=virtio,format=raw,readonly=on" \
    "${swap[@]}" \
    -serial "file:$tmp/console" -serial stdio </dev/null &
  qemu=$!
}

alive() { kill -0 "$qemu" 2>/dev/null; }

# mark WORD: whether guest-run has written this mark. No anchor: firmware and systemd write escape codes without a newline.
mark() { grep -aq "guest-run: $1" "$tmp/console"; }

# await WORD SECONDS: until the mark is there; fails when the guest is gone or the seconds are over.
await() {
  local end=$((SECONDS + $2))
  until mark "$1"; do
    alive && [ "$SECONDS" -lt "$end" ] || { mark "$1" && return; return 1; }
    sleep 0.1
  done
}

# complain TEXT: says what happened, with the end of the console as evidence.
complain() {
  echo "guest: $1; the end of its console:" >&2
  tail -n 40 "$tmp/console" | tr -d '\r' >&2
}

boot
if ! await ready "$boot_limit"; then
  complain "not in user space after a boot of at most $boot_limit s; once more"
  kill -KILL "$qemu" 2>/dev/null || true
  wait "$qemu" 2>/dev/null || true
  boot
  await ready "$boot_limit" || { complain "not in user space again"; exit 125; }
fi

if ! await exit "$limit"; then
  alive || { complain "died before run.sh was over"; exit 125; }
  complain "killed: run.sh was not over after $limit s"
  exit 124
fi
code=$(sed -n 's/.*guest-run: exit \([0-9]*\).*/\1/p' "$tmp/console" | tail -n 1)
for _ in $(seq 100); do # power off closes the output; at most 10 s
  alive || break
  sleep 0.1
done
exit "$code"
