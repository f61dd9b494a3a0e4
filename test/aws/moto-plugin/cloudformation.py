"""CloudFormation as strict as AWS's: an unknown resource type fails the stack, where moto skips it. Adds Fn::Cidr, Ipv6CidrBlocks and the
zones of the stack's own region (moto answers those of us-east-1)."""

import ipaddress
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpcs import VPC


def resource(type_name: str, name_property: str = "") -> Any:
    """Class decorator: registers create/update/delete functions of one resource type.

    The class gives `create(name, properties, account, region)` and may give `update(self, properties, account, region)`,
    `remove(self, account, region)`, `ref` (what Ref answers) and `attributes` (what Fn::GetAtt answers).
    """

    def register(cls: type) -> type:
        class Model(cls, CloudFormationModel):  # type: ignore[misc, valid-type]
            # moto files every model under the second part of its module's name.
            __module__ = "moto.cloudformation"

            @staticmethod
            def cloudformation_type() -> str:
                return type_name

            @staticmethod
            def cloudformation_name_type() -> str:
                return name_property

            @classmethod
            def has_cfn_attr(cls, attr: str) -> bool:
                return True

            @classmethod
            def create_from_cloudformation_json(
                cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
            ) -> Any:
                made = cls()
                made.create(resource_name, cloudformation_json["Properties"], account_id, region_name)
                return made

            @classmethod
            def update_from_cloudformation_json(
                cls,
                original_resource: Any,
                new_resource_name: str,
                cloudformation_json: Any,
                account_id: str,
                region_name: str,
            ) -> Any:
                if not hasattr(original_resource, "update"):
                    raise ValidationError(message=f"the test plugin cannot update {type_name}")
                original_resource.update(cloudformation_json["Properties"], account_id, region_name)
                return original_resource

            @property
            def physical_resource_id(self) -> str:
                return str(self.ref)

            def get_cfn_attribute(self, name: str) -> Any:
                return self.attributes[name]

            def delete(self, account_id: str, region_name: str) -> None:
                if hasattr(self, "remove"):
                    self.remove(account_id, region_name)

            def is_created(self) -> bool:
                return True

        Model.__name__ = type_name.replace("::", "")
        return Model

    return register


def install() -> None:
    known_type = parsing.resource_class_from_type
    known_functions = parsing.clean_json
    known_attributes = VPC.get_cfn_attribute

    def strict(resource_type: str) -> Any:
        found = known_type(resource_type)
        if found is None:
            raise ValidationError(message=f"Template error: Unrecognized resource types: [{resource_type}]")
        return found

    def more_functions(document: Any, resources: Any) -> Any:
        if isinstance(document, dict) and "Fn::GetAZs" in document:
            region = parsing.clean_json(document["Fn::GetAZs"], resources) or resources["AWS::Region"]
            backend = ec2_backends[resources["AWS::AccountId"]][region]
            return sorted(zone.name for zone in backend.describe_availability_zones())
        if isinstance(document, dict) and "Fn::Cidr" in document:
            block, count, bits = (parsing.clean_json(part, resources) for part in document["Fn::Cidr"])
            network = ipaddress.ip_network(block)
            subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
            return [str(next(subnets)) for _ in range(int(count))]
        return known_functions(document, resources)

    def with_ipv6(self: VPC, name: str) -> Any:
        if name == "Ipv6CidrBlocks":
            return [entry["cidr_block"] for entry in self.get_cidr_block_association_set(ipv6=True)]
        return known_attributes(self, name)

    parsing.resource_class_from_type = strict
    parsing.clean_json = more_functions
    VPC.get_cfn_attribute = with_ipv6
