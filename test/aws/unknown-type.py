"""Asks CloudFormation for a resource type that does not exist; answers the error."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

cloudformation = boto3.client("cloudformation", json.load(sys.stdin))
template = {"Resources": {"Thing": {"Type": "AWS::OaaS::Nothing"}}}
try:
    cloudformation.create_stack(StackName="unknown-type", TemplateBody=json.dumps(template))
    print(json.dumps({"error": None}))
except ClientError as error:
    print(json.dumps({"error": str(error)}))
cloudformation.delete_stack(StackName="unknown-type")
