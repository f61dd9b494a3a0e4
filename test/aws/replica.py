"""Writes an item to a table in one region and reads it in another."""

import json
import sys

import boto3

given = json.load(sys.stdin)
item = {"pk": "test", "sk": "replica", "value": f"written in {given['write']}"}
table = lambda region: boto3.resource("dynamodb", region).Table(given["table"])
table(given["write"]).put_item(Item=item)
print(json.dumps(table(given["read"]).get_item(Key={"pk": "test", "sk": "replica"})["Item"]))
table(given["write"]).delete_item(Key={"pk": "test", "sk": "replica"})
