# profile.sh ADDRESS: the HOST_IP line, and what a login shell says of it.
set -eu
sed -i -E '/^[[:space:]]*(export[[:space:]]+)?HOST_IP=/d' /etc/profile
cat >> /etc/profile <<END
export HOST_IP=\$(ip -o -4 addr show | awk '{ split(\$4, a, "/"); if (a[1] == "$1") { print a[1]; exit } }')
END
[ "$(env -i HOME=/ PATH="$PATH" sh -lc 'echo $HOST_IP')" = "$1" ]
