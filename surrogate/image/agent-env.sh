#!/bin/sh
# Writes the agent's environment from the instance metadata service (IMDSv2): identity, address and the tags set at launch.
# No secret passes here; what the agent may do follows from the instance's role.
set -eu
out=${1:?usage: agent-env.sh FILE}
imds=${OAAS_IMDS:-http://169.254.169.254}

token=$(curl -sSf --retry 10 --retry-connrefused --max-time 2 -X PUT "$imds/latest/api/token" \
  -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
meta() { curl -sSf --retry 5 --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$imds/latest/$1"; }
tag() { meta "meta-data/tags/instance/$1"; }

instance=$(meta meta-data/instance-id)
place=$(meta meta-data/placement/region)
partition=$(meta meta-data/services/partition)
account=$(meta dynamic/instance-identity/document | sed -n 's/.*"accountId" *: *"\([0-9]*\)".*/\1/p')
home=$(tag oaas-region)
owner=$(tag oaas-owner)

umask 077
cat >"$out" <<ENV
OAAS_VM_ID=$instance-$place
OAAS_PRINCIPAL=arn:$partition:ec2:$place:$account:instance/$instance
OAAS_POOL_ID=$(tag oaas-pool)
OAAS_REGION=$home
OAAS_CORES=$(tag oaas-cores)
OAAS_CORE_SPEED=$(tag oaas-core-speed)
OAAS_MEMORY_MIB=$(tag oaas-memory-mib)
OAAS_SHARING_LIMIT=$(tag oaas-sharing-limit)
OAAS_QUEUE_LIMIT=$(tag oaas-queue-limit)
OAAS_ENDPOINT=$(tag oaas-endpoint)
OAAS_STATE_TABLE=$owner-state-$home
OAAS_LISTEN=0.0.0.0:8443
OAAS_PUBLIC_URL=https://$(meta meta-data/public-ipv4):8443
OAAS_WORK_DIR=/var/lib/oaas
OAAS_STRICT=1
OAAS_CPU_HOLD=off
AWS_REGION=$home
ENV
