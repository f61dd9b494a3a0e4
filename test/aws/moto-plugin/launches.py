"""Launches as EC2 carries them out, where moto differs: a repeated ClientToken launches nothing again, RunInstances gives all that was asked for,
an image named by a parameter must exist, and zones may be without capacity. Which ones stands in a file that the test writes:
{"emptyZones": ["eu-central-1a"]}."""

import json
import os
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.fleets import Fleets
from moto.ec2.responses.instances import InstanceResponse
from moto.ssm.models import ssm_backends

faults_file: str | None = None


def install(file: str | None) -> None:
    global faults_file
    faults_file = file
    Fleets.create_fleet = once_per_token(create_fleet(Fleets.create_fleet))  # type: ignore[method-assign]
    InstanceResponse.run_instances = once_per_token(run_instances(InstanceResponse.run_instances))  # type: ignore[method-assign]


def is_empty(zone: str) -> bool:
    if faults_file is None or not os.path.exists(faults_file):
        return False
    with open(faults_file, encoding="utf-8") as file:
        return zone in json.load(file).get("emptyZones", [])


def once_per_token(launch: Any) -> Any:
    answered: dict[tuple[str, str], ActionResult] = {}

    def launched(self: Any) -> ActionResult:
        token = self._get_param("ClientToken")
        key = (self.region, token)
        if token is None or key not in answered:
            answered[key] = launch(self)
        return answered[key]

    return launched


def zone_of(response: Any, subnet_id: str) -> str:
    return response.ec2_backend.get_subnet(subnet_id).availability_zone


def with_params(response: Any, **changed: Any) -> None:
    param = response._get_param
    response._get_param = lambda name, *rest, **more: changed[name] if name in changed else param(name, *rest, **more)


def require_image(response: Any, template: dict[str, Any]) -> None:
    image = response.ec2_backend.get_launch_template_by_name(template["LaunchTemplateName"]).default_version().image_id
    if image.startswith("resolve:ssm:"):
        ssm = ssm_backends[response.current_account][response.region]
        image = ssm.get_parameter(image.removeprefix("resolve:ssm:")).value
    if not image.startswith("ami-"):
        raise EC2ClientError("InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")')


def run_instances(plain: Any) -> Any:
    def launch(self: InstanceResponse) -> ActionResult:
        if template := self._get_param("LaunchTemplate"):
            require_image(self, template)
        if subnet := self._get_param("SubnetId"):
            zone = zone_of(self, subnet)
            if is_empty(zone):
                raise EC2ClientError(
                    "InsufficientInstanceCapacity", f"We currently do not have sufficient capacity in {zone}."
                )
        with_params(self, MinCount=self._get_param("MaxCount"))
        return plain(self)

    return launch


def create_fleet(plain: Any) -> Any:
    def launch(self: Fleets) -> ActionResult:
        configs = self._get_param("LaunchTemplateConfigs", [])
        errors = []
        for config in configs:
            require_image(self, config["LaunchTemplateSpecification"])
            overrides = config["Overrides"]
            config["Overrides"] = [o for o in overrides if not is_empty(zone_of(self, o["SubnetId"]))]
            errors += [no_capacity(self, o) for o in overrides if o not in config["Overrides"]]
        open_configs = [config for config in configs if config["Overrides"]]
        if not open_configs:
            return ActionResult({"FleetId": "fleet-without-capacity", "Instances": [], "Errors": errors})
        with_params(self, LaunchTemplateConfigs=open_configs)
        answer = plain(self)
        answer._result["Errors"] = errors
        return answer

    return launch


def no_capacity(response: Any, override: dict[str, Any]) -> dict[str, Any]:
    zone = zone_of(response, override["SubnetId"])
    return {
        "LaunchTemplateAndOverrides": {"Overrides": override},
        "ErrorCode": "InsufficientInstanceCapacity",
        "ErrorMessage": f"We currently do not have sufficient capacity in {zone}.",
    }
