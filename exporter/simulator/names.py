"""Which departments and statuses a simulated help desk has."""

from random import Random

from exporter.simulator.state import Status

# Some need escaping in HTML, in JSON or in Prometheus's text format: real ones do.
DEPARTMENTS = (
    "Technical Support",
    "Billing & Abuse",
    'Sales "EU"',
    "Domains \N{EARTH GLOBE EUROPE-AFRICA}",
    "Sales",
    "Migrations",
    "Dedicated Servers",
    "Reseller <Partners>",
    "VPS\\Cloud",
    "Größere Kunden",
    "Security",
    "Feedback",
)

# On Hold is not active: in the sample of WHMCS's page on GetTicketCounts, allActive leaves it out.
STANDARD_STATUSES = (
    Status(title="Open", active=True, awaiting=True, color="#779500"),
    Status(title="Answered", active=True, awaiting=False, color="#000000"),
    Status(title="Customer-Reply", active=True, awaiting=True, color="#ff6600"),
    Status(title="On Hold", active=False, awaiting=False, color="#224488"),
    Status(title="In Progress", active=True, awaiting=False, color="#cc0000"),
    Status(title="Closed", active=False, awaiting=False, color="#888888"),
)

CUSTOM_STATUSES = (
    Status(title="Escalated to 2nd Level", active=True, awaiting=True, color="#b30059"),
    Status(title="Waiting for Vendor", active=False, awaiting=False, color="#6b5b95"),
    Status(title="Q&A", active=True, awaiting=False, color="#2a9d8f"),
    Status(title='Refund "pending"', active=True, awaiting=True, color="#e9c46a"),
)


def choose_departments(random: Random, count: int) -> list[str]:
    """Choose the names of `count` departments, all different."""
    chosen = random.sample(DEPARTMENTS, min(count, len(DEPARTMENTS)))
    return chosen + [f"Support Team {number}" for number in range(len(chosen) + 1, count + 1)]


def choose_statuses(random: Random) -> list[Status]:
    """Choose the statuses: WHMCS's own, and one to three that this desk has added."""
    customs = random.sample(CUSTOM_STATUSES, random.randint(1, 3))
    return [*STANDARD_STATUSES, *customs]
