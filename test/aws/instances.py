"""Machines by hand: {"launch": {region: owner tag}}, {"terminate": {region: instance id}}."""

import json
import sys

import boto3

given = json.load(sys.stdin)
for region, instance in given.get("terminate", {}).items():
    boto3.client("ec2", region).terminate_instances(InstanceIds=[instance])
for region, owner in given.get("launch", {}).items():
    ec2 = boto3.client("ec2", region)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    home = "eu-central-1" if region.startswith("eu-") else region
    ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        InstanceType="c7a.large",
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": "oaas-owner", "Value": owner}, {"Key": "oaas-region", "Value": home}],
            }
        ],
    )
print("{}")
