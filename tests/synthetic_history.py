"""Synthetic histories, as the archive gives them."""

import datetime as dt
import hashlib
import math
import random

import pyarrow as pa

from infra.archive import Dataset, schema

START = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
DAYS = 57 * 30
COUNTRIES = ("IN", "ID", "TH", "MX", "BD", "US", "BR", "VN", "DZ", "PK", "DE", "NG", "NA", "AU", "XK")
VECTORS = ("url", "email", "p2p", "chat", "messenger", "forum", "gaming", "sms", "cell_phone", "tor", "ftp")


def as_tables(reports, sightings):
    """Turn rows into the two tables that `measure` takes."""
    return (
        pa.Table.from_pylist(reports, schema=schema(Dataset.REPORTS)),
        pa.Table.from_pylist(sightings, schema=schema(Dataset.SIGHTINGS)),
    )


def file_key(number):
    """Give a file's key; of some the first half is that of others, so that the second tells them apart."""
    digest = hashlib.md5(b"file %d" % number, usedforsecurity=False).digest()
    return digest if number % 13 else bytes(8) + digest[8:]


def synthetic_rows(seed=1, reports=300):
    """Give rows of reports that double every year from 2013 to 2017, three files each on the average."""
    chance = random.Random(seed)
    told, seen = [], []
    for number in range(reports):
        age = math.log2(1 + chance.random() * 31) / 5
        moment = START + dt.timedelta(days=age * DAYS, seconds=chance.randrange(86400))
        report = {
            "report_id": hashlib.md5(b"report %d" % number, usedforsecurity=False).digest(),
            "received_at": moment,
            "source": "esp" if chance.random() < 0.4 + 0.5 * age else "public",
            "incidents": chance.choice((1, 1, 1, 1, 12)),
            "files": chance.choice((1, 2, 3, 6)),
            "vectors": sorted(set(chance.choices(VECTORS, range(12, 1, -1), k=chance.choice((0, 1, 1, 2))))),
            "countries": sorted(set(chance.choices(COUNTRIES, range(16, 1, -1), k=chance.choice((0, 1, 1, 1, 2))))),
        }
        told.append(report)
        for ordinal in range(report["files"]):
            number_of_file = int(chance.paretovariate(0.6)) if chance.random() < 0.4 else 10**6 + len(seen)
            kind = "video" if number_of_file % 10 < 10 * age * 0.6 else "image"
            seen.append(
                {
                    "report_id": report["report_id"],
                    "ordinal": ordinal,
                    "received_at": moment,
                    "kind": "other" if number_of_file % 17 == 0 else kind,
                    "file": None if number_of_file % 41 == 0 else file_key(number_of_file),
                    "source": report["source"],
                }
            )
    return told, seen
