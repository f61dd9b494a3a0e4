#!/bin/sh
# Writes the agent's environment from the instance metadata service (IMDSv2): identity, address and the tags set at launch.
# No secret passes here; what the agent may do follows from the instance's role. Runs before every start of the agent, so that a
# stopped machine that is started again (new address, perhaps another pool) reads what holds now.
# OAAS_IMDS: another metadata service than EC2's own, for tests.
set -eu
out=${1:?usage: agent-env.sh FILE}
imds=${OAAS_IMDS:-http://169.254.169.254}

fail() {
  echo "agent-env.sh: $1" >&2
  exit 1
}
token=$(curl -sSf --retry 10 --retry-connrefused --max-time 2 -X PUT "$imds/latest/api/token" \
  -H 'X-aws-ec2-metadata-token-ttl-seconds: 300') || fail "no session token from $imds"
# Each value becomes a line of the file: nothing that could begin another line or a quotation is taken.
meta() {
  value=$(curl -sSf --retry 5 --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$imds/latest/$1") ||
    fail "no $1 in the instance metadata; are tags in metadata on?"
  case $value in
  '' | *[!A-Za-z0-9._:/@+=-]*) fail "$1 is not a plain value: $value" ;;
  esac
  printf '%s' "$value"
}
tag() { meta "meta-data/tags/instance/$1"; }

instance=$(meta meta-data/instance-id)
place=$(meta meta-data/placement/region)
partition=$(meta meta-data/services/partition)
address=$(meta meta-data/public-ipv4)
account=$(curl -sSf --retry 5 --max-time 2 -H "X-aws-ec2-metadata-token: $token" \
  "$imds/latest/dynamic/instance-identity/document" | sed -n 's/.*"accountId" *: *"\([0-9]\{12\}\)".*/\1/p')
[ -n "$account" ] || fail 'no accountId in the instance identity document'
home=$(tag oaas-region)
owner=$(tag oaas-owner)
endpoint=$(tag oaas-endpoint)
pool=$(tag oaas-pool)
cores=$(tag oaas-cores)
core_speed=$(tag oaas-core-speed)
memory_mib=$(tag oaas-memory-mib)
sharing_limit=$(tag oaas-sharing-limit)
queue_limit=$(tag oaas-queue-limit)
exact=$(tag oaas-exact)

umask 077
cat >"$out.new" <<ENV
OAAS_VM_ID=$instance-$place
OAAS_PRINCIPAL=arn:$partition:ec2:$place:$account:instance/$instance
OAAS_POOL_ID=$pool
OAAS_REGION=$home
OAAS_CORES=$cores
OAAS_CORE_SPEED=$core_speed
OAAS_MEMORY_MIB=$memory_mib
OAAS_SHARING_LIMIT=$sharing_limit
OAAS_QUEUE_LIMIT=$queue_limit
OAAS_EXACT=$exact
OAAS_ENDPOINT=$endpoint
OAAS_STATE_TABLE=$owner-state-$home
OAAS_BUNDLE_BUCKET=$owner-bundles-$account-$home
OAAS_LISTEN=0.0.0.0:8443
OAAS_PUBLIC_URL=https://$address:8443
OAAS_WORK_DIR=/var/lib/oaas
OAAS_JAVA_TOOLS=/opt/oaas/java
OAAS_STRICT=1
OAAS_CPU_HOLD=machine
AWS_REGION=$home
ENV
mv "$out.new" "$out"
