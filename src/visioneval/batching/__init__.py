"""A run by its host's Batch API: the same requests and the same records, in files, at half the price.

The requests go up in files, a batch is made of each, and when it has ended its results become records. Each step
is in the run's journal before the next is taken, so the program may end at any moment and nothing is asked twice.

run      the order of things: send, wait, fetch, again
journal  what is under way, on the disk; and the file of requests while it is written
ledger   what became of each request: answered, failed, tried so often, how much is set aside for it
results  the results of one batch on their way into records
calls    a call to the host until it goes through
"""

from visioneval.batching.ledger import TRIES
from visioneval.batching.results import MISSES
from visioneval.batching.run import Batching, BatchRunner, check_batched

__all__ = ["MISSES", "TRIES", "BatchRunner", "Batching", "check_batched"]
