"""Resource types that moto has as a service but not in CloudFormation: made through moto's own models, so that its API lists them."""

from typing import Any

from cloudformation import resource
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.scheduler.models import scheduler_backends


def install() -> None:
    """Importing this module has registered the types."""


@resource("AWS::DynamoDB::GlobalTable", "TableName")
class GlobalTable:
    """One table object under every replica's region: what one region writes, the others read."""

    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        own = next(replica for replica in properties["Replicas"] if replica["Region"] == region)
        self.table = dynamodb_backends[account][region].create_table(
            name=name,
            schema=properties["KeySchema"],
            attr=properties["AttributeDefinitions"],
            throughput=None,
            global_indexes=properties.get("GlobalSecondaryIndexes", []),
            indexes=properties.get("LocalSecondaryIndexes", []),
            streams=None,
            billing_mode=properties["BillingMode"],
            sse_specification=properties.get("SSESpecification"),
            tags=own.get("Tags", []),
            deletion_protection_enabled=own.get("DeletionProtectionEnabled", False),
            warm_throughput=None,
        )
        self.ref = name
        self.attributes = {"Arn": self.table.table_arn, "TableId": name}
        self.update(properties, account, region)

    def update(self, properties: dict[str, Any], account: str, region: str) -> None:
        for replica in properties["Replicas"]:
            dynamodb_backends[account][replica["Region"]].tables[self.ref] = self.table
        if ttl := properties.get("TimeToLiveSpecification"):
            self.table.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl["AttributeName"]}


@resource("AWS::Scheduler::Schedule", "Name")
class Schedule:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.name = name[:64]
        schedule = scheduler_backends[account][region].create_schedule(name=self.name, **self._given(properties))
        self.ref = self.name
        self.attributes = {"Arn": schedule.arn}

    def _given(self, properties: dict[str, Any]) -> dict[str, Any]:
        return {
            "description": properties.get("Description"),
            "start_date": properties.get("StartDate"),
            "end_date": properties.get("EndDate"),
            "flexible_time_window": properties["FlexibleTimeWindow"],
            "group_name": properties.get("GroupName"),
            "kms_key_arn": properties.get("KmsKeyArn"),
            "schedule_expression": properties["ScheduleExpression"],
            "schedule_expression_timezone": properties.get("ScheduleExpressionTimezone"),
            "state": properties.get("State"),
            "target": properties["Target"],
            "action_after_completion": None,
        }

    def update(self, properties: dict[str, Any], account: str, region: str) -> None:
        given = self._given(properties)
        del given["action_after_completion"]
        scheduler_backends[account][region].update_schedule(name=self.name, **given)

    def remove(self, account: str, region: str) -> None:
        scheduler_backends[account][region].delete_schedule(None, self.name)


@resource("AWS::CloudWatch::Alarm", "AlarmName")
class Alarm:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.ref = name
        self.update(properties, account, region)

    def update(self, properties: dict[str, Any], account: str, region: str) -> None:
        alarm = cloudwatch_backends[account][region].put_metric_alarm(
            name=self.ref,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=properties["EvaluationPeriods"],
            period=properties["Period"],
            threshold=properties["Threshold"],
            statistic=properties["Statistic"],
            description=properties.get("AlarmDescription", ""),
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
            treat_missing_data=properties.get("TreatMissingData"),
            tags=properties.get("Tags"),
        )
        self.attributes = {"Arn": alarm.alarm_arn}

    def remove(self, account: str, region: str) -> None:
        cloudwatch_backends[account][region].delete_alarms([self.ref])


@resource("AWS::ApiGatewayV2::Api", "Name")
class Api:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        api = apigatewayv2_backends[account][region].create_api(
            api_key_selection_expression=properties.get("ApiKeySelectionExpression"),
            cors_configuration=properties.get("CorsConfiguration"),
            description=properties.get("Description"),
            disable_schema_validation=properties.get("DisableSchemaValidation"),
            disable_execute_api_endpoint=properties.get("DisableExecuteApiEndpoint"),
            name=name,
            protocol_type=properties["ProtocolType"],
            route_selection_expression=properties.get("RouteSelectionExpression"),
            tags=properties.get("Tags", {}),
            version=properties.get("Version"),
        )
        self.ref = api.api_id
        self.attributes = {"ApiEndpoint": api.api_endpoint, "ApiId": api.api_id}

    def remove(self, account: str, region: str) -> None:
        apigatewayv2_backends[account][region].delete_api(self.ref)


def api_of(part: Any, account: str, region: str) -> Any:
    """None where the API went first and took its parts along: moto removes resources in no particular order."""
    return apigatewayv2_backends[account][region].apis.get(part.api)


@resource("AWS::ApiGatewayV2::Stage", "StageName")
class Stage:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.api, self.ref = properties["ApiId"], name
        config = {key[0].lower() + key[1:]: value for key, value in properties.items() if key != "ApiId"}
        apigatewayv2_backends[account][region].create_stage(self.api, config)

    def remove(self, account: str, region: str) -> None:
        if api := api_of(self, account, region):
            api.delete_stage(self.ref)


@resource("AWS::ApiGatewayV2::Integration")
class Integration:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.api = properties["ApiId"]
        integration = apigatewayv2_backends[account][region].create_integration(
            api_id=self.api,
            connection_id=None,
            connection_type=properties.get("ConnectionType", "INTERNET"),
            content_handling_strategy=None,
            credentials_arn=None,
            description=None,
            integration_method=properties.get("IntegrationMethod", "POST"),
            integration_subtype=None,
            integration_type=properties["IntegrationType"],
            integration_uri=properties["IntegrationUri"],
            passthrough_behavior=None,
            payload_format_version=properties["PayloadFormatVersion"],
            request_parameters=None,
            request_templates=None,
            response_parameters=None,
            template_selection_expression=None,
            timeout_in_millis=properties.get("TimeoutInMillis"),
            tls_config=None,
        )
        self.ref = integration.id

    def remove(self, account: str, region: str) -> None:
        if api := api_of(self, account, region):
            api.delete_integration(self.ref)


@resource("AWS::ApiGatewayV2::Authorizer")
class Authorizer:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.api = properties["ApiId"]
        authorizer = apigatewayv2_backends[account][region].create_authorizer(
            api_id=self.api,
            auth_creds_arn=properties.get("AuthorizerCredentialsArn"),
            auth_payload_format_version=properties.get("AuthorizerPayloadFormatVersion"),
            auth_result_ttl=properties.get("AuthorizerResultTtlInSeconds"),
            authorizer_type=properties["AuthorizerType"],
            authorizer_uri=properties.get("AuthorizerUri"),
            enable_simple_response=properties.get("EnableSimpleResponses"),
            identity_source=properties.get("IdentitySource"),
            identity_validation_expr=None,
            jwt_config=properties.get("JwtConfiguration"),
            name=properties["Name"],
        )
        self.ref = authorizer.id

    def remove(self, account: str, region: str) -> None:
        if api := api_of(self, account, region):
            api.delete_authorizer(self.ref)


@resource("AWS::ApiGatewayV2::Route")
class Route:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.api = properties["ApiId"]
        route = apigatewayv2_backends[account][region].create_route(
            api_id=self.api,
            api_key_required=False,
            authorization_scopes=properties.get("AuthorizationScopes", []),
            authorization_type=properties.get("AuthorizationType", "NONE"),
            authorizer_id=properties.get("AuthorizerId"),
            model_selection_expression=None,
            operation_name=None,
            request_models=None,
            request_parameters=None,
            route_key=properties["RouteKey"],
            route_response_selection_expression=None,
            target=properties["Target"],
        )
        self.ref = route.route_id

    def remove(self, account: str, region: str) -> None:
        if api := api_of(self, account, region):
            api.delete_route(self.ref)


@resource("AWS::EC2::VPCCidrBlock")
class VpcCidrBlock:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        answer = ec2_backends[account][region].associate_vpc_cidr_block(
            properties["VpcId"], properties.get("CidrBlock"), properties.get("AmazonProvidedIpv6CidrBlock", False)
        )
        self.ref = answer["association_id"]


@resource("AWS::EC2::EgressOnlyInternetGateway")
class EgressOnlyInternetGateway:
    def create(self, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        gateway = ec2_backends[account][region].create_egress_only_internet_gateway(properties["VpcId"])
        self.ref = gateway.id
        self.attributes = {"Id": gateway.id}

    def remove(self, account: str, region: str) -> None:
        ec2_backends[account][region].delete_egress_only_internet_gateway(self.ref)
