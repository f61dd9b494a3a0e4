"""DynamoDB changes one item at a time, as on AWS. moto's server answers in threads without locks, so that two conditional writes could both succeed."""

import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler


def install() -> None:
    lock = threading.Lock()
    answer = DynamoHandler.call_action

    def one_at_a_time(self: DynamoHandler) -> Any:
        with lock:
            return answer(self)

    DynamoHandler.call_action = one_at_a_time
