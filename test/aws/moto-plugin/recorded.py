"""Resource types for which moto has no service: kept as given, so that a stack that uses them can be deployed, listed and removed."""

from typing import Any

from cloudformation import resource

# Type, property that names it, service in its ARN.
TYPES = [
    ("AWS::CDK::Metadata", "", None),
    ("AWS::ImageBuilder::Component", "Name", "component"),
    ("AWS::ImageBuilder::DistributionConfiguration", "Name", "distribution-configuration"),
    ("AWS::ImageBuilder::ImagePipeline", "Name", "image-pipeline"),
    ("AWS::ImageBuilder::ImageRecipe", "Name", "image-recipe"),
    ("AWS::ImageBuilder::InfrastructureConfiguration", "Name", "infrastructure-configuration"),
    # moto would enforce "deny unless over TLS" without looking at the condition.
    ("AWS::S3::BucketPolicy", "", None),
    ("AWS::SNS::TopicPolicy", "", None),
    ("AWS::SQS::QueuePolicy", "", None),
]


class Recorded:
    kind: str | None = None

    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.properties = properties
        path = [self.kind, name.lower()] + ([properties["Version"]] if "Version" in properties else [])
        arn = f"arn:aws:imagebuilder:{region}:{account}:{'/'.join(str(part) for part in path)}"
        self.ref = name if self.kind is None else arn
        self.attributes = {"Arn": arn, "Name": name}

    def update(self, properties: dict[str, Any], account: str, region: str) -> None:
        self.properties = properties


# Kept here: moto finds the types by CloudFormationModel.__subclasses__(), which holds them weakly.
registered = []


def install() -> None:
    for type_name, name_property, kind in TYPES:
        registered.append(resource(type_name, name_property)(type("Kept", (Recorded,), {"kind": kind})))
