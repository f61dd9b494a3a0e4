"""Launches a machine per region, tagged with the given owner. Input: {"launch": {region: owner}}."""

import json
import sys

import boto3

for region, owner in json.load(sys.stdin)["launch"].items():
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
