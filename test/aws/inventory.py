"""What regions hold, listed by AWS's own SDK for Python. Input: a JSON array of regions. Output: one object per region."""

import json
import sys

import boto3


def pages(client, operation, key, **given):
    return [item for page in client.get_paginator(operation).paginate(**given) for item in page[key]]


def tags(listed):
    return {tag["Key"]: tag["Value"] for tag in listed or []}


def resources(region):
    cloudformation = boto3.client("cloudformation", region)
    stacks = [s["StackName"] for s in pages(cloudformation, "describe_stacks", "Stacks")]
    counts = {}
    logical = {}
    for stack in stacks:
        for entry in pages(cloudformation, "list_stack_resources", "StackResourceSummaries", StackName=stack):
            counts[entry["ResourceType"]] = counts.get(entry["ResourceType"], 0) + 1
            logical[entry.get("PhysicalResourceId")] = entry["LogicalResourceId"]
    return stacks, counts, logical


def launch_templates(ec2):
    for template in pages(ec2, "describe_launch_templates", "LaunchTemplates"):
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
        data = versions["LaunchTemplateVersions"][-1]["LaunchTemplateData"]
        options = data.get("MetadataOptions", {})
        yield {
            "name": template["LaunchTemplateName"],
            "imageId": data["ImageId"],
            "httpTokens": options.get("HttpTokens"),
            "hopLimit": int(options.get("HttpPutResponseHopLimit", 0)),
        }


def schedules(region):
    scheduler = boto3.client("scheduler", region)
    for listed in pages(scheduler, "list_schedules", "Schedules"):
        schedule = scheduler.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
        start = schedule.get("StartDate")
        yield {
            "name": schedule["Name"],
            "expression": schedule["ScheduleExpression"],
            "startDate": None if start is None else start.isoformat(),
            "target": schedule["Target"]["Arn"].split(":")[-1],
            "input": schedule["Target"]["Input"],
        }


def apis(region):
    gateway = boto3.client("apigatewayv2", region)
    for api in gateway.get_apis()["Items"]:
        function_of = lambda uri: uri.split(":function:")[-1].removesuffix("/invocations")
        integrations = {i["IntegrationId"]: i for i in gateway.get_integrations(ApiId=api["ApiId"])["Items"]}
        authorizer = lambda id: gateway.get_authorizer(ApiId=api["ApiId"], AuthorizerId=id)["AuthorizerUri"]
        yield {
            "endpoint": api["ApiEndpoint"],
            "routes": [
                {
                    "key": route["RouteKey"],
                    "authorization": route["AuthorizationType"],
                    "function": function_of(integrations[route["Target"].split("/")[-1]]["IntegrationUri"]),
                    "authorizer": function_of(authorizer(route["AuthorizerId"]))
                    if route.get("AuthorizerId")
                    else None,
                }
                for route in gateway.get_routes(ApiId=api["ApiId"])["Items"]
            ],
        }


def inventory(region):
    stacks, counts, logical = resources(region)
    ec2 = boto3.client("ec2", region)
    dynamodb = boto3.client("dynamodb", region)
    own = [{"Name": "tag-key", "Values": ["oaas-owner"]}]
    tables = [dynamodb.describe_table(TableName=name)["Table"] for name in pages(dynamodb, "list_tables", "TableNames")]
    return {
        "stacks": sorted(stacks),
        "tables": [
            {"name": t["TableName"], "deletionProtection": t.get("DeletionProtectionEnabled", False)} for t in tables
        ],
        "templates": sorted(launch_templates(ec2), key=lambda t: t["name"]),
        "zones": sorted(s["AvailabilityZone"] for s in ec2.describe_subnets(Filters=own)["Subnets"]),
        "schedules": sorted(schedules(region), key=lambda s: s["name"]),
        "functions": [
            {
                "name": f["FunctionName"],
                "logical": logical.get(f["FunctionName"], ""),
                "runtime": f["Runtime"],
                "handler": f["Handler"],
                "environment": f["Environment"]["Variables"],
            }
            for f in pages(boto3.client("lambda", region), "list_functions", "Functions")
        ],
        "parameters": sorted(
            p["Name"] for p in pages(boto3.client("ssm", region), "describe_parameters", "Parameters")
        ),
        "alarms": sorted(
            a["AlarmName"] for a in pages(boto3.client("cloudwatch", region), "describe_alarms", "MetricAlarms")
        ),
        "buckets": sorted(
            b["Name"]
            for b in boto3.client("s3", region).list_buckets()["Buckets"]
            if not b["Name"].startswith("cdk-") and b["Name"].endswith(region)
        ),
        "rules": sorted(r["Name"] for r in boto3.client("events", region).list_rules()["Rules"]),
        "instances": [
            {
                "id": i["InstanceId"],
                "type": i["InstanceType"],
                "state": i["State"]["Name"],
                "zone": i["Placement"]["AvailabilityZone"],
                "tags": tags(i.get("Tags")),
            }
            for r in ec2.describe_instances(Filters=own)["Reservations"]
            for i in r["Instances"]
        ],
        "apis": list(apis(region)),
        "resources": counts,
    }


print(json.dumps({region: inventory(region) for region in json.load(sys.stdin)}))
