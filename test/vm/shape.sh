#!/bin/bash
# shape.sh: runs once inside the image while it is built, and takes away what a test guest only waits for at boot.
set -euo pipefail

# Timers, consoles and start-up chores that no scenario needs. journald, dbus, udev and PID 1 stay as Debian has them.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  man-db.timer systemd-tmpfiles-clean.timer systemd-timesyncd.service systemd-logind.service getty.target console-getty.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service systemd-pstore.service \
  systemd-binfmt.service systemd-udev-trigger.service systemd-hwdb-update.service ldconfig.service systemd-firstboot.service \
  systemd-journal-flush.service systemd-sysctl.service systemd-remount-fs.service modprobe@.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
systemctl --quiet set-default multi-user.target
systemctl --quiet enable guest.service
# systemd-oomd runs only where a scenario starts it: Debian's settings for -.slice and user@.service would pull it in at each boot,
# and it would kill beside us.
systemctl --quiet disable systemd-oomd.service
rm -f /usr/lib/systemd/system/{-.slice.d,user@.service.d}/10-oomd-*.conf

# A machine with an identity is not a first boot, and one updated after /usr has no caches to rebuild.
printf '%032x\n' 0x7265707269657665 >/etc/machine-id
echo guest >/etc/hostname
: >/etc/fstab
touch /etc/.updated /var/.updated
