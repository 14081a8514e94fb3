"""Reading and writing the records of :mod:`prmkit.types`: JSON lines and sharded Parquet."""

from prmkit.records.codec import from_dict, to_dict
from prmkit.records.files import Quarantined, atomic, storage_error, write_text
from prmkit.records.jsonl import digest_of, quarantined, read_jsonl, read_rows, write_jsonl, write_quarantine
from prmkit.records.samples import read_samples, sample_from_dict, sample_to_dict
from prmkit.records.shards import ShardWriter, read_parquet, write_parquet

__all__ = [
    "Quarantined",
    "ShardWriter",
    "atomic",
    "digest_of",
    "from_dict",
    "quarantined",
    "read_jsonl",
    "read_parquet",
    "read_rows",
    "read_samples",
    "sample_from_dict",
    "sample_to_dict",
    "storage_error",
    "to_dict",
    "write_jsonl",
    "write_parquet",
    "write_quarantine",
    "write_text",
]
