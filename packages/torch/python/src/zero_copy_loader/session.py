"""A loader as the server knows it."""

from __future__ import annotations

from typing import Any

from .client import Client
from .schema import Schema


class Session:
    """A loader's channel to the server, and what the server told of the dataset that is open there."""

    def __init__(self, client: Client, paths: list[str], options: dict[str, Any]) -> None:
        given = {key: value for key, value in options.items() if value is not None}
        self.client = client
        self.number = client.new_loader()
        try:
            answer = client.request("open", loader=self.number, paths=paths, options=given)
        except BaseException:
            client.close_loader(self.number)
            raise
        self.samples: int = answer["samples"]
        #: How many samples each shard has.
        self.shards: list[int] = answer["shards"]
        self.digest: str = answer["digest"]
        self.schema = Schema.from_json(answer["schema"])
        self.iterations = 0

    def shard_after(self, sample: int) -> int:
        """The shard behind the one that holds a sample; the first one for sample -1."""
        if sample < 0:
            return 0
        end = 0
        for shard, samples in enumerate(self.shards):
            end += samples
            if sample < end:
                return shard + 1
        return len(self.shards)
