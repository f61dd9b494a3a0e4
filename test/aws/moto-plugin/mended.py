"""Where moto's CloudFormation differs from AWS's in what a deployment goes by."""

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.ec2.models import ec2_backends
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCEndPoint
from moto.iam.models import ManagedPolicy, iam_backends
from moto.ssm.models import Parameter


def install() -> None:
    update = CloudFormationBackend.update_stack

    def update_if_changed(
        self: CloudFormationBackend, name: str, template: str, role_arn: Any, parameters: Any, tags: Any
    ) -> Any:
        stack = self.get_stack(name)
        resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
        if json.loads(template) == json.loads(stack.template) and resolved == stack.parameters:
            raise ValidationError(message="No updates are to be performed.")
        return update(self, name, template, role_arn, parameters, tags)

    CloudFormationBackend.update_stack = update_if_changed  # type: ignore[method-assign]
    ResourceMap.delete = remove_in_reverse  # type: ignore[method-assign]
    # A stack's removal leaves these behind, and then the network they are part of.
    RouteTable.delete = lambda table, account, region: ec2_backends[account][region].delete_route_table(table.id)  # type: ignore[attr-defined]
    VPCEndPoint.delete = lambda point, account, region: ec2_backends[account][region].delete_vpc_endpoints([point.id])  # type: ignore[attr-defined]
    ManagedPolicy.delete = remove_policy  # type: ignore[attr-defined]
    InternetGateway.delete = remove_gateway  # type: ignore[attr-defined]

    # AWS::SSM::Parameter has its tags as an object, moto wants a list.
    for method in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(Parameter, method, classmethod(with_tag_list(getattr(Parameter, method).__func__)))


def with_tag_list(make: Any) -> Any:
    def made(cls: type, *args: Any, **named: Any) -> Any:
        document = named.get("cloudformation_json") or args[1]
        tags = document["Properties"].get("Tags")
        if isinstance(tags, dict):
            document["Properties"]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return make(cls, *args, **named)

    return made


def remove_gateway(gateway: InternetGateway, account: str, region: str) -> None:
    backend = ec2_backends[account][region]
    if gateway.vpc:
        backend.detach_internet_gateway(gateway.id, gateway.vpc.id)
    backend.delete_internet_gateway(gateway.id)


def remove_in_reverse(stack: ResourceMap) -> None:
    """What was made last goes first. moto takes any order and gives up after a round in which nothing could go."""
    templates = stack._resource_json_map
    for logical_id, made in reversed(list(stack._parsed_resources.items())):
        if logical_id in templates and templates[logical_id].get("DeletionPolicy") != "Retain":
            stack._delete_resource(made, templates[logical_id])
            stack._parsed_resources.pop(logical_id)


def remove_policy(policy: ManagedPolicy, account: str, region: str) -> None:
    """The CDK makes one where a role's own policy has grown too long."""
    backend = iam_backends[account]["aws"]
    for role in backend.get_roles():
        if policy.arn in role.managed_policies:
            backend.detach_role_policy(policy.arn, role.name)
    backend.delete_policy(policy.arn)
