#!/bin/bash
# Installs what dalvikvm needs of an Android x86-64 system image, a zip of Google's SDK repository. Anything else than the bytes named is refused.
# usage: install-art.sh URL BYTES ALGORITHM:HASH FOLDER   (BYTES may be -; ALGORITHM is sha1 or sha256)
set -euo pipefail
url=$1 bytes=$2 algorithm=${3%%:*} hash=${3#*:} folder=$4
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "install-art: $*" >&2
  exit 1
}

curl -fsSL --retry 3 -o image.zip "$url" || fail "$url could not be fetched"
got=$(stat -c %s image.zip)
[ "$bytes" = - ] || [ "$got" = "$bytes" ] || fail "$url has $got bytes, not $bytes"
case $algorithm in sha1 | sha256) ;; *) fail "no such hash: $algorithm" ;; esac
echo "$hash  image.zip" | "${algorithm}sum" --check --status || fail "$url is not what $algorithm $hash says"

# Sparse: the partitions are mostly empty, and every block written here would be stored with the image.
unzip -p image.zip '*/system.img' | dd of=system.img bs=64K iflag=fullblock conv=sparse status=none
rm image.zip
python3 "$here/unpack-system.py" system.img system.fs
rm -f system.img

has() { [ -n "$(debugfs -R "stat $2" "$1" 2>/dev/null | sed -n '/^Inode:/p')" ]; }
# debugfs says what went wrong and succeeds all the same: what must be there is looked for at the end.
take() { debugfs -R "rdump $2 $3" "$1" >/dev/null 2>>debugfs.log; }

# The partition holds /system, or is /system.
from=''
if has system.fs /system/bin; then from=/system; fi
install -d -m 0755 "$folder/system/usr/share" "$folder/data/dalvik-cache/x86_64" "$folder/apex"
for part in lib64 framework etc; do take system.fs "$from/$part" "$folder/system"; done
for part in usr/icu usr/share/zoneinfo; do
  if has system.fs "$from/$part"; then take system.fs "$from/$part" "$folder/system/$(dirname $part)"; fi
done
# Neither shell nor tools, above all no dex2oat, which would be started for every app and can write nowhere.
take system.fs "$from/bin" "$work"
install -d -m 0755 "$folder/system/bin"
for file in bin/dalvikvm* bin/linker* bin/bootstrap; do
  if [ -e "$file" ] || [ -L "$file" ]; then cp -a "$file" "$folder/system/bin/"; fi
done

# Since Android 10 the runtime comes as modules: folders, files, or files in files.
for module in art i18n runtime tzdata conscrypt; do
  for prefix in com.android com.google.android; do
    for kind in '' .release .debug; do
      to="$folder/apex/com.android.$module"
      name="$from/apex/$prefix.$module$kind"
      if has system.fs "$name"; then
        take system.fs "$name" "$work"
        cp -a "$work/$prefix.$module$kind" "$to"
      fi
      for file in "$name.apex" "$name.capex" "${name}_compressed.capex"; do
        has system.fs "$file" || continue
        debugfs -R "dump $file $work/module.apex" system.fs 2>>debugfs.log
        if unzip -l module.apex original_apex >/dev/null; then
          unzip -p module.apex original_apex >original.apex
          mv original.apex module.apex
        fi
        unzip -p module.apex apex_payload.img >module.fs
        install -d -m 0755 "$to"
        take module.fs / "$to"
      done
    done
  done
done

# Android's users are not ours: everything is root's, and everybody's to read.
if [ "$(id -u)" = 0 ]; then chown -R -h 0:0 "$folder"; fi
chmod -R u+w,go-w,a+rX "$folder"

needed() {
  for file in "$@"; do
    if [ -s "$folder/$file" ] || [ -L "$folder/$file" ]; then continue; fi
    cat debugfs.log >&2
    fail "the image has no $file"
  done
}
needed system/bin/dalvikvm64 system/bin/linker64
if [ -d "$folder/apex/com.android.art" ] || [ -d "$folder/apex/com.android.runtime" ]; then exit 0; fi
rmdir "$folder/apex"
needed system/lib64/libart.so system/lib64/libcutils.so system/framework/x86_64/boot.art system/framework/x86_64/boot.oat
compgen -G "$folder/system/usr/icu/icudt*.dat" >/dev/null || fail 'the image has no system/usr/icu'
gcc -shared -fPIC -O2 -nostdlib -ffreestanding -fno-stack-protector -Wall -Wextra -Werror -Wl,--hash-style=both \
  -o "$folder/system/lib64/liboaas-ashmem.so" "$here/ashmem.c"
