"""An attacker who has nothing but the files of a public edition, and computes what each withheld count can be.

It knows what every reader knows: counts are whole, a zero is told, months and sources or kinds add up to what is
printed as their sums, reports stand for one incident at least, new files are sightings, and the reports of a vector or
of a country are among the year's. It solves for the least and the greatest whole number exactly (integer programs).
"""

import csv
from collections import defaultdict

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

MANY = 10**6
"""Beyond all that tests count."""

LESS = {"reports": "incidents", "new_files": "sightings"}
"""What is never more than what."""


def read(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


class Attacker:
    """What is printed of one year, as a system of equations."""

    def __init__(self):
        self.low, self.high, self.cells = [], [], {}
        self.rows = []
        self.withheld = {}

    def cell(self, name, row, column):
        """Note a count as printed; give its number."""
        number = self.cells.setdefault((*name, column), len(self.cells))
        if number == len(self.low):
            hidden = column in row["withheld"].split()
            assert (row[column] == "") == hidden
            self.low.append(1 if hidden else int(row[column]))
            self.high.append(MANY if hidden else int(row[column]))
            if hidden:
                self.withheld[*name, column] = number
        return number

    def adds_up(self, parts, whole):
        self.rows.append(({**dict.fromkeys(parts, 1), whole: -1}, 0, 0))

    def at_most(self, less, more):
        self.rows.append(({less: 1, more: -1}, -np.inf, 0))

    def can_be(self, number):
        """Give the least and the greatest number that a count can be."""
        system = np.zeros((len(self.rows), len(self.low)))
        for row, (factors, _, _) in enumerate(self.rows):
            system[row, list(factors)] = list(factors.values())
        limits = LinearConstraint(system, [low for _, low, _ in self.rows], [high for *_, high in self.rows])
        found = []
        for sign in (1, -1):
            goal = np.zeros(len(self.low))
            goal[number] = sign
            said = milp(goal, integrality=np.ones(len(goal)), bounds=Bounds(self.low, self.high), constraints=limits)
            assert said.success, said.message
            found.append(round(sign * said.fun))
        return tuple(found)


def systems(folder):
    """Give an attacker for each year of an edition, who has read all its counts."""
    years = defaultdict(Attacker)
    for count in ("reports", "incidents"):
        read_table(folder, years, "sources", "source", count)
    for count in ("sightings", "new_files"):
        read_table(folder, years, "kinds", "kind", count)
    for year, attacker in years.items():
        for (*name, count), number in list(attacker.cells.items()):
            if count in LESS:
                attacker.at_most(number, attacker.cells[*name, LESS[count]])
        for series, column in (("vectors", "vector"), ("yearly_countries", "country")):
            for row in (row for row in read(folder, series) if row["year"] == year):
                attacker.at_most(
                    attacker.cell((series, row[column]), row, "reports"), attacker.cells[year, "", "reports"]
                )
    return years


def read_table(folder, years, series, column, count):
    """Read a count by month and `column`, with the sums of months, of years, and of both."""
    of_month, of_year, of_months = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in read(folder, series):
        number = years[row["month"][:4]].cell((row["month"], row[column]), row, count)
        of_month[row["month"]].append(number)
        of_months[row["month"][:4], row[column]].append(number)
    for row in read(folder, "monthly"):
        number = years[row["month"][:4]].cell((row["month"], ""), row, count)
        years[row["month"][:4]].adds_up(of_month[row["month"]], number)
        of_months[row["month"][:4], ""].append(number)
    for row in read(folder, f"yearly_{series}"):
        number = years[row["year"]].cell((row["year"], row[column]), row, count)
        years[row["year"]].adds_up(of_months[row["year"], row[column]], number)
        of_year[row["year"]].append(number)
    for row in read(folder, "yearly"):
        number = years[row["year"]].cell((row["year"], ""), row, count)
        years[row["year"]].adds_up(of_months[row["year"], ""], number)
        years[row["year"]].adds_up(of_year[row["year"]], number)
