"""Internet users by country in 2015: what Table 1 and Figure 5 divide by."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@cache
def internet_users() -> "pd.DataFrame":
    """Give the Internet users of 2015, by country (ISO 3166-1 alpha-2).

    Columns: internet_users, denominator: `rebuilt` for the paper's ten countries, whose
    printed rates these give, and `revised` for the others, whose users the paper does not print. Sources, licence
    and dates stand at the top of `users.csv`.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    table = pd.read_csv(Path(__file__).with_name("users.csv"), comment="#", keep_default_na=False, na_values=[""])
    rebuilt = table["rebuilt"].notna()
    users = table["rebuilt"].where(rebuilt, table["revised"]).astype("int64")
    denominator = rebuilt.map({True: "rebuilt", False: "revised"})
    return pd.DataFrame({"internet_users": users, "denominator": denominator}).set_index(table["country"])
