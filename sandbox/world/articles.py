# ruff: noqa: E501 - an article's sentence a line
"""The Help Center of an account: knowledge articles and one procedure for agents."""

from dataclasses import dataclass

SOP_TITLE = "Identity verification before account changes"
SOP_STEPS = (
    "<strong>Greet the customer by name</strong> and thank them for getting in touch.",
    "Before any change to account details (name, e-mail address, phone number or postal address) you <strong>must</strong> ask the customer to confirm <strong>the e-mail address on file</strong> and <strong>the number of their last order</strong>. Do not make the change until both match our records.",
    "You <strong>must not</strong> ask for a password or for a full card number, in writing or on the phone.",
    "After the change you <strong>must</strong> confirm to the customer that their details have been changed.",
    "You <strong>should</strong> close by offering further help.",
)


@dataclass(frozen=True)
class Article:
    """One article of the Help Center; ``age`` days lie between its last edit and the world's end."""

    title: str
    body: str
    labels: tuple[str, ...]
    age: float


def _sop() -> str:
    steps = "".join(f"<li>{step}</li>" for step in SOP_STEPS)
    return (
        "<p>This procedure applies to every request to change account details, on every channel. "
        "It protects our customers against strangers who take over their accounts.</p>"
        f"<h2>Steps</h2><ol>{steps}</ol>"
        "<p>When one of the two answers does not match, hand the request to a team lead.</p>"
    )


ARTICLES = (
    Article(SOP_TITLE, _sop(), ("sop",), 21.0),
    Article("How long does a refund take?", "<p>We release a refund within two working days after the return has reached our warehouse. Card refunds show on your statement after three to five bank days, bank transfers after one to two.</p><h2>Nothing has arrived?</h2><p>Write to us with the order number. We check with the payments provider and answer within one working day.</p>", ("refund",), 12.0),
    Article("Returning an item", "<p>You can return any item within 30 days. Open your order, choose <em>Return</em>, print the label and drop the parcel at a pick-up point.</p><ul><li>Use the original box if you can.</li><li>Keep the receipt of the courier until the refund has arrived.</li></ul>", ("returns",), 40.0),
    Article("Where is my parcel?", "<p>The tracking link is in the e-mail that we sent when your order left. Deliveries take two to four working days. A parcel that has not moved for three days is treated as lost: we send a new one.</p>", ("delivery",), 9.0),
    Article("My item arrived damaged", "<p>We are sorry. Send us a picture of the item and of the box within 14 days, and tell us whether you prefer a replacement or your money back. You need not send the broken item back.</p>", ("damaged",), 33.0),
    Article("Copies and corrections of invoices", "<p>All invoices are in your account under <em>Orders</em>. To add a VAT number or another company name, write to Billing with the order number; corrections take one working day.</p>", ("invoice",), 60.0),
    Article("I cannot log in", "<ol><li>Check that you use the e-mail address you registered with.</li><li>Ask for a new password; the link is valid for one hour.</li><li>After three wrong attempts the account is locked for 30 minutes.</li></ol><p>We never ask for your password.</p>", ("login",), 18.0),
    Article("Charged twice?", "<p>Often the second line on your statement is a reservation that disappears within three days. If it stays, send us the two dates and the amounts. Never send a full card number by e-mail.</p>", ("payment",), 27.0),
    Article("Cancelling a subscription", "<p>You can cancel at any time to the end of the month, in your account or by writing to us. You keep access until the last paid day and are not charged again.</p>", ("cancellation",), 45.0),
    Article("Status of our services", "<p>Outages and planned maintenance are announced on our status page. During an outage please do not write more than once: we inform everybody who wrote when it is over.</p>", ("outage",), 6.0),
    Article("Warranty", "<p>All products come with a two-year warranty. It covers faults of material and production, not wear. Keep your invoice: it is your proof.</p>", ("product",), 80.0),
)  # fmt: skip
