"""What a model's papers say: a licence that can be read by programs, and where the data came from."""

import re

from models.checking.findings import Finding, failed, passed
from models.contract import Contract
from models.rankers import RankerContract

LICENCE = "licence"
DATA = "data statement"

_NAME = r"(?:LicenseRef-)?[A-Za-z0-9][A-Za-z0-9.-]*\+?"
_TERM = rf"\(*\s*{_NAME}(?:\s+WITH\s+[A-Za-z0-9][A-Za-z0-9.-]*)?\s*\)*"
_EXPRESSION = re.compile(rf"\s*{_TERM}(?:\s+(?:AND|OR)\s+{_TERM})*\s*")
_NO_NAMES = {"unknown", "none", "todo", "tbd", "n-a", "proprietary", "other", "noassertion"}
_FEWEST_WORDS = 2


def examine_licence(contract: Contract | RankerContract) -> Finding:
    """Tell whether the licence reads as an SPDX expression (SPDX specification 2.3, annex D); names are not looked up.

    A licence that the SPDX list has not is written `LicenseRef-` and a name.
    """
    told = contract.licence
    whole = _EXPRESSION.fullmatch(told) is not None and told.count("(") == told.count(")")
    if whole and told.strip().lower() not in _NO_NAMES:
        return passed(LICENCE, told)
    mend = "write an SPDX expression, as Apache-2.0 or MIT AND CC-BY-4.0; LicenseRef-NAME for a licence of your own"
    return failed(LICENCE, f"{told!r} is no SPDX expression", mend)


def examine_data(contract: Contract | RankerContract) -> Finding:
    """Tell whether there is a statement on the training data, of two words at least."""
    words = contract.data.split()
    if len(words) >= _FEWEST_WORDS:
        return passed(DATA, contract.data)
    return failed(DATA, f"{contract.data!r} says nothing", "say in `data` what the model was trained on, in a sentence")
