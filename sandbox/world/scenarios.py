"""What tickets are about, who handles them, and how likely each is."""

from dataclasses import dataclass

GROUPS = ("Billing", "Orders", "Technical", "Accounts")
CHANNELS = ("email", "web", "native_messaging", "api", "voice")
CHANNEL_SHARES = (0.42, 0.23, 0.2, 0.05, 0.1)
PRIORITIES: tuple[str | None, ...] = ("low", "normal", "high", "urgent", None)
PRIORITY_PACE = (1.8, 1.0, 0.6, 0.35, 1.0)
PRIORITY_SHARES = (0.15, 0.57, 0.18, 0.06, 0.04)
OUTAGE_PRIORITY_SHARES = (0.0, 0.1, 0.55, 0.35, 0.0)


@dataclass(frozen=True)
class Scenario:
    """One kind of contact: its group, its share of ordinary days, how often a rating is bad."""

    name: str
    group: int
    share: float
    bad_rating: float
    tags: tuple[str, ...]


SCENARIOS = (
    Scenario("refund_delay", 0, 0.05, 0.7, ("refund", "billing")),
    Scenario("outage", 2, 0.0, 0.5, ("outage", "incident")),
    Scenario("account_change", 3, 0.17, 0.12, ("account", "details_change")),
    Scenario("delivery", 1, 0.17, 0.2, ("delivery", "shipping")),
    Scenario("damaged_item", 1, 0.1, 0.25, ("damaged", "replacement")),
    Scenario("invoice", 0, 0.09, 0.05, ("invoice", "billing")),
    Scenario("login_problem", 2, 0.12, 0.15, ("login", "password")),
    Scenario("product_question", 1, 0.1, 0.06, ("product", "presales")),
    Scenario("cancellation", 3, 0.06, 0.35, ("cancellation", "churn_risk")),
    Scenario("praise", 1, 0.03, 0.01, ("feedback",)),
    Scenario("double_charge", 0, 0.05, 0.35, ("payment", "billing")),
    Scenario("app_bug", 2, 0.06, 0.25, ("app", "bug")),
)
NUMBER_OF = {scenario.name: at for at, scenario in enumerate(SCENARIOS)}
REFUND, OUTAGE, ACCOUNT, DELIVERY = (
    NUMBER_OF[name] for name in ("refund_delay", "outage", "account_change", "delivery")
)
SPIKE_DAYS = 3.0
SPIKE_SHARE = 0.34
OUTAGE_HOURS = 4
OUTAGE_SHARE = 0.1
AGENTS_PER_GROUP = 3
