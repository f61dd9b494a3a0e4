"""Zones without capacity and idempotent launches for CreateFleet. Which zones are empty stands in a file that the test writes:
{"emptyZones": ["eu-central-1a"]}."""

import json
import os
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.fleets import Fleets


def install(faults_file: str | None) -> None:
    plain = Fleets.create_fleet
    answered: dict[str, Any] = {}

    def empty_zones() -> set[str]:
        if faults_file is None or not os.path.exists(faults_file):
            return set()
        with open(faults_file, encoding="utf-8") as file:
            return set(json.load(file).get("emptyZones", []))

    def create_fleet(self: Fleets) -> ActionResult:
        token = self._get_param("ClientToken")
        if token in answered:
            return answered[token]
        empty = empty_zones()
        configs = self._get_param("LaunchTemplateConfigs", [])
        errors = []
        for config in configs:
            kept = []
            for override in config.get("Overrides", []):
                zone = self.ec2_backend.get_subnet(override["SubnetId"]).availability_zone
                if zone not in empty:
                    kept.append(override)
                    continue
                errors.append(
                    {
                        "LaunchTemplateAndOverrides": {"Overrides": override},
                        "Lifecycle": "on-demand",
                        "ErrorCode": "InsufficientInstanceCapacity",
                        "ErrorMessage": f"We currently do not have sufficient capacity in {zone}.",
                    }
                )
            config["Overrides"] = kept
        if errors and not any(config["Overrides"] for config in configs):
            return ActionResult({"FleetId": "fleet-00000000-0000-0000-0000-000000000000", "Instances": [], "Errors": errors})
        param = self._get_param
        self._get_param = lambda name, *rest, **more: (  # type: ignore[method-assign]
            configs if name == "LaunchTemplateConfigs" else param(name, *rest, **more)
        )
        answer = plain(self)
        if errors:
            answer._result["Errors"] = errors
        if token:
            answered[token] = answer
        return answer

    Fleets.create_fleet = create_fleet  # type: ignore[method-assign]
